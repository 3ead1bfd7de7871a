"""Tables, paired tests and figures of the finished runs below DIR."""

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from .blocks import TOP
from .compare import ComparisonError, Pair, default_pair, pairs
from .contents import best_runs, tables
from .csvfile import csv_text
from .latex import latex
from .markdown import markdown
from .runs import Run, Task, collect, tasks
from .write import OutputError, write_report

EXAMPLES = """examples:
  longnn report runs                          tables of everything below runs/
  longnn report runs --compare mlp longnn     longnn minus mlp, split by split
  longnn report runs --output report          report/report.html with figures
  longnn report runs --format csv --per-run > scores.csv

Runs on different splits never stand in one column. Of several runs of a model the best on
validation is taken, never on test. Warnings about results left out go to standard error."""


def main(arguments: list[str] | None = None) -> None:
    """Prints the report in the chosen format, and writes its folder if one is named."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    if options.per_run and options.format != "csv" and options.output is None:
        parser.error("--per-run is about CSV; add --format csv, or --output DIR")
    try:
        grouped = tasks(collect(options.folder))
        compared = _compared(grouped, options.compare)
        if options.output is not None:
            _write(grouped, compared, options)
    except (FileNotFoundError, ComparisonError, OutputError) as error:
        parser.error(str(error))
    print(_text(grouped, compared, options), end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="longnn report",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", nargs="*", type=Path, default=[Path("runs")], help="where runs lie (runs)")
    add("--format", choices=("markdown", "csv", "latex"), default="markdown", help="of the output")
    add("--per-run", action="store_true", help="CSV with a line for each split and seed")
    add(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="paired test of B minus A: models, beginnings of settings hashes, or directory names "
        "(default: the two models, where there are exactly two)",
    )
    add("--top", type=_count, default=TOP, metavar="N", help=f"rows shown of each model ({TOP})")
    add("--output", type=Path, metavar="DIR", help="write report.html, .md, .csv and figures there")
    add("--force", action="store_true", help="with --output: replace files that are no report's")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text!r}")
    return int(text)


def _compared(
    grouped: Mapping[Task, list[Run]], named: list[str] | None
) -> list[tuple[str, str, list[Pair]]]:
    chosen = default_pair(grouped) if named is None else (named[0], named[1])
    return [] if chosen is None else [(*chosen, pairs(grouped, *chosen))]


def _text(
    grouped: Mapping[Task, list[Run]],
    compared: list[tuple[str, str, list[Pair]]],
    options: argparse.Namespace,
) -> str:
    if options.format == "csv":
        runs = [run for found in grouped.values() for run in found]
        return csv_text(runs, per_run=options.per_run)
    sections = tables(grouped, compared, options.top)
    if options.format == "latex":
        return latex(sections)
    return markdown(sections) + _figures(grouped)


def _figures(grouped: Mapping[Task, list[Run]]) -> str:
    drawn = [str(f) for run in best_runs(grouped) for f in sorted(run.directory.glob("*.png"))]
    return "\nFigures of the best on validation:\n  " + "\n  ".join(drawn) + "\n" if drawn else ""


def _write(
    grouped: Mapping[Task, list[Run]],
    compared: list[tuple[str, str, list[Pair]]],
    options: argparse.Namespace,
) -> None:
    from .document import document  # draws

    files = document(grouped, compared, top=options.top, per_run=options.per_run)
    write_report(options.output, files, force=options.force)
    print(f"report written: {options.output / 'report.html'}", file=sys.stderr)


if __name__ == "__main__":
    main()
