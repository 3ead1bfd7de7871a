"""The command line of ``longnn report``."""

import argparse
from pathlib import Path

from .blocks import TOP

DESCRIPTION = "Tables, paired tests and figures of the finished runs below some folders."

EXAMPLES = """examples:
  longnn report runs                          tables of everything below runs/
  longnn report runs --compare mlp longnn     longnn minus mlp, split by split
  longnn report runs --factor model.learnable did learning alpha and beta help?
  longnn report runs --output report          report/report.html with figures
  longnn report runs/NAME                     the page of one run: runs/NAME/report.html
  longnn report runs --format csv --per-run > scores.csv
  longnn report runs/a --against docs/results/measured.json
                                              runs/a minus scores measured on the same splits

Runs on different splits never stand in one column. Of several runs of a model the best on
validation is taken, never the best on test. Warnings about results that are left out go to
standard error. With --against the exit code is 1 if a run is below its reference by more than
two standard errors of the paired difference, or if no run has a reference. It is 1, too, if a
result is damaged or of another layout: the report names it, and shows the others."""


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn report``."""
    made = argparse.ArgumentParser(
        prog="longnn report",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    # fmt: off
    add(
        "folder",
        nargs="*",
        type=Path,
        default=[Path("runs")],
        help="folders of run directories (default: runs)",
    )
    add(
        "--format",
        choices=("markdown", "csv", "latex"),
        default="markdown",
        help="format of what is printed (default: markdown)",
    )
    add("--per-run", action="store_true", help="in CSV: a line for each split and seed")
    add(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="paired test of B minus A: models, beginnings of the hashes of runs, or names of "
        "directories (default: all pairs of models on each dataset)",
    )
    add(
        "--factor",
        metavar="KEY",
        help="what a setting changes (model.learnable): runs that differ in it alone are paired",
    )
    add(
        "--against",
        type=Path,
        metavar="FILE",
        help="each run minus reference scores on the same splits: a file like "
        "docs/results/measured.json, or records of runs (.jsonl)",
    )
    add("--key", metavar="NAME", help="with --against: what FILE calls the model")
    add(
        "--top",
        type=_count,
        default=TOP,
        metavar="N",
        help=f"how many rows of each model are shown (default: {TOP})",
    )
    add(
        "--output",
        type=Path,
        metavar="DIR",
        help="also write report.html, .md, .csv and figures there",
    )
    add(
        "--force",
        action="store_true",
        help="also replace files that no report wrote",
    )
    # fmt: on
    return made


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text!r}")
    return int(text)
