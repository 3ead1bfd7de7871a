"""``python -m experiments.report DIR ...``: a table from the run directories below DIR."""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

from experiments.record import RESULT, read_result

Result = dict[str, Any]


def collect(folders: list[Path]) -> list[tuple[Path, Result]]:
    """Every finished run below the folders, in order of path.

    Raises:
        FileNotFoundError: if a folder does not exist or holds no finished run.
    """
    found = []
    for folder in folders:
        files = sorted(folder.rglob(RESULT))
        if not files:
            raise FileNotFoundError(
                f"no finished run below {folder}; train one first: python -m experiments.train"
            )
        found += [(file.parent, read_result(file)) for file in files]
    return found


def table(results: list[Result]) -> str:
    """Markdown: one block for each dataset and split, one row for each model; never mixed."""
    blocks: dict[tuple, list[Result]] = defaultdict(list)
    for result in results:
        key = (result["dataset"], result["split"], result["split_hash"], result["metric"])
        blocks[key].append(result)
    return "\n\n".join(_block(key, rows) for key, rows in sorted(blocks.items()))


def _block(key: tuple, rows: list[Result]) -> str:
    dataset, split, split_hash, metric = key
    lines = [
        f"**{dataset}**, split `{split}` ({split_hash[:8]}), {metric} in percent, "
        "mean +- 95 % interval (Student's t)",
        "",
        "| model | settings | test | validation | n | alpha | beta |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda r: (r["model"], r["identity"])):
        exponents = [_mean(row["per_run"], name) for name in ("alpha", "beta")]
        cells = [row["model"], row["identity"][:8], _interval(row["test"]), _interval(row["val"])]
        lines.append("| " + " | ".join([*cells, str(row["test"]["n"]), *exponents]) + " |")
    return "\n".join(lines)


def _interval(statistics: dict[str, Any]) -> str:
    half = "" if statistics["ci95"] is None else f" +- {statistics['ci95']:.2f}"
    return f"{statistics['mean']:.2f}{half}"


def _mean(per_run: list[dict[str, Any]], name: str) -> str:
    values = [run[name] for run in per_run if name in run]
    return f"{sum(values) / len(values):.2f}" if values else "-"


def main(arguments: list[str] | None = None) -> None:
    """Prints the table and where the figures are."""
    parser = argparse.ArgumentParser(prog="python -m experiments.report", description=__doc__)
    parser.add_argument("folder", nargs="*", type=Path, default=[Path("runs")])
    try:
        found = collect(parser.parse_args(arguments).folder)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    print(table([result for _, result in found]))
    drawn = [figure for folder, _ in found for figure in sorted(folder.glob("*.png"))]
    if drawn:
        print("\nFigures:", *drawn, sep="\n  ")


if __name__ == "__main__":
    main()
