"""``python -m experiments.paired RUN... --reference FILE``: a run beside a reference, by split.

The reference is JSON of the form {"node_classification": {dataset: {KEY: {"per_seed": [{"seed": s,
"test": percent}, ...]}}}}, where seed s stands for split s. Runs of several seeds are averaged
within each split first. Test scores are compared, nothing is selected on them.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.record import RESULT, read_result


class Comparison(NamedTuple):
    """Ours minus the reference over S splits, in percent."""

    ours: float
    reference: float
    difference: float
    standard_error: float
    splits: int

    @property
    def not_below(self) -> bool:
        """Whether the mean difference is not below zero by more than two standard errors."""
        return self.difference >= -2 * self.standard_error


def compare(result: dict[str, Any], reference: dict[int, float]) -> Comparison:
    """Pairs a result with a reference, split by split.

    Args:
        result: content of ``result.json``.
        reference: split -> test score in percent.

    Raises:
        ValueError: if the splits are not the same ones.
    """
    by_split: dict[int, list[float]] = {}
    for run in result["per_run"]:
        by_split.setdefault(run["split"], []).append(run["test"])
    if sorted(by_split) != sorted(reference):
        raise ValueError(
            f"the run has splits {sorted(by_split)}, the reference {sorted(reference)}; "
            "train with split=file and the reference's index sets"
        )
    ours = np.array([np.mean(by_split[s]) for s in sorted(by_split)])
    theirs = np.array([reference[s] for s in sorted(reference)])
    difference = ours - theirs
    error = float(difference.std(ddof=1)) / len(difference) ** 0.5
    return Comparison(ours.mean(), theirs.mean(), difference.mean(), error, len(difference))


def main(arguments: list[str] | None = None) -> None:
    """Prints one row for each run; exits 1 if a run is below the reference."""
    parser = argparse.ArgumentParser(prog="python -m experiments.paired", description=__doc__)
    parser.add_argument("run", nargs="+", type=Path, help="run directory")
    parser.add_argument("--reference", type=Path, required=True, help="JSON file")
    parser.add_argument("--key", default="lon_gnn_eval_dropout_fixed", help="row of the reference")
    options = parser.parse_args(arguments)
    known = json.loads(options.reference.read_text())["node_classification"]
    print("| dataset | n | ours | reference | difference | standard error | within two |")
    print("|---|---|---|---|---|---|---|")
    below = False
    for folder in options.run:
        result = read_result(folder / RESULT)
        if options.key not in known.get(result["dataset"], {}):
            parser.error(f"the reference has no {options.key!r} for {result['dataset']!r}")
        rows = known[result["dataset"]][options.key]["per_seed"]
        c = compare(result, {row["seed"]: row["test"] for row in rows})
        below |= not c.not_below
        print(
            f"| {result['dataset']} | {result['test']['n']} | {c.ours:.2f} | {c.reference:.2f} | "
            f"{c.difference:+.2f} | {c.standard_error:.2f} | {'yes' if c.not_below else 'NO'} |"
        )
    if below:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
