"""``longnn report RUN... --reference FILE``: a run beside a reference, by split.

The reference is JSON of the form {"node_classification": {dataset: {KEY: {"per_seed": [{"seed": s,
"test": percent}, ...]}}}}, where seed s stands for split s. Runs of several seeds are averaged
within each split first. Test scores are compared, nothing is selected on them.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from longnn.runs.directory import RESULT, read_result

from .differences import Difference, by_split, difference


def compare(result: dict[str, Any], reference: dict[int, float]) -> Difference:
    """A result minus a reference, split by split.

    Args:
        result: content of ``result.json``.
        reference: split -> test score in percent.

    Raises:
        ValueError: if the splits are not the same ones.
    """
    ours = by_split(result["per_run"])
    if sorted(ours) != sorted(reference):
        raise ValueError(
            f"the run has splits {sorted(ours)}, the reference {sorted(reference)}; "
            "train with split=file and the reference's index sets"
        )
    return difference(reference, ours)


def not_below(found: Difference) -> bool:
    """Whether the mean difference is not below zero by more than two standard errors."""
    return found.mean >= -2 * (found.standard_error or 0.0)


def main(arguments: list[str] | None = None) -> None:
    """Prints one row for each run; exits 1 if a run is below the reference."""
    parser = argparse.ArgumentParser(prog="longnn report", description=__doc__)
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
        found = compare(result, {row["seed"]: row["test"] for row in rows})
        below |= not not_below(found)
        error = "-" if found.standard_error is None else f"{found.standard_error:.2f}"
        print(
            f"| {result['dataset']} | {result['test']['n']} | {found.second:.2f} | "
            f"{found.first:.2f} | {found.mean:+.2f} | {error} | "
            f"{'yes' if not_below(found) else 'NO'} |"
        )
    if below:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
