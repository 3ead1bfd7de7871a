"""Tables, paired tests and figures of the finished runs below some folders."""

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from longnn.runs.directory import RESULT
from longnn.runs.result import Result
from longnn.runs.text import printable

from .beside import NoReferenceError, against, any_below
from .blocks import TOP
from .compare import ComparisonError, pairs
from .compared import Compared
from .contents import best_runs, left_out_section, tables
from .csvfile import csv_text
from .everything import all_pairs
from .factor import effect_of
from .latex import as_latex
from .markdown import as_markdown
from .overall import over_datasets
from .pairtable import paired
from .reference import read_references
from .runs import Benchmark, LeftOut, by_benchmark, collect
from .tables import Table
from .write import OutputError, write_report

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


def main(arguments: list[str] | None = None) -> int:
    """Prints the report in the chosen format, and writes its folder if one is named.

    Returns:
        1 if a result was left out, if a run is below its reference or nothing could be compared
        (`--against`), else 0.

    Raises:
        SystemExit: with code 2 and a message, for what cannot be read, compared or written.
    """
    command_line = parser()
    options = command_line.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    if options.per_run and options.format != "csv" and options.output is None:
        command_line.error("--per-run is about CSV; add --format csv, or --output DIR")
    if options.factor is not None and options.compare is not None:
        command_line.error("--factor pairs runs itself; leave out --compare")
    if options.key is not None and options.against is None:
        command_line.error("--key names a model in the file of --against FILE; give that too")
    try:
        runs, left_out = collect(options.folder)
        grouped = by_benchmark(runs)
        beside = _beside(runs, options.against, options.key)
        tests = _compared(grouped, options.compare, options.factor) + Compared(tables=beside)
        if options.output is not None:
            _write(grouped, tests, left_out, options)
        elif _is_one_run(options):
            _write_page(options)
    except NoReferenceError as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        return 1
    except (FileNotFoundError, ComparisonError, OutputError, ValueError) as error:
        command_line.error(printable(error))
    for note in [note for table in beside for note in table.notes]:
        print(f"warning: {printable(note)}", file=sys.stderr)
    print(_text(grouped, tests, left_out, options), end="")
    return int(bool(left_out) or any_below(beside))


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn report``."""
    made = argparse.ArgumentParser(
        prog="longnn report",
        description=__doc__,
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


def _compared(
    grouped: Mapping[Benchmark, list[Result]], named: list[str] | None, factor: str | None
) -> Compared:
    if factor is not None:
        return effect_of(grouped, factor)
    if named is None:
        return all_pairs(grouped) + over_datasets(grouped)
    return paired(pairs(grouped, *named), "{1} minus {0}, paired by split".format(*named))


def _beside(runs: list[Result], file: Path | None, key: str | None) -> list[Table]:
    return [] if file is None else against(runs, read_references(file), key)


def _is_one_run(options: argparse.Namespace) -> bool:
    """Whether a run directory itself is given, and nothing else is asked for."""
    told = options.compare or options.against or options.format != "markdown"
    return not told and len(options.folder) == 1 and (options.folder[0] / RESULT).is_file()


def _write_page(options: argparse.Namespace) -> None:
    from .single import write_page  # draws

    file = write_page(options.folder[0], force=options.force)
    print(f"page written: {printable(file)}", file=sys.stderr)


def _text(
    grouped: Mapping[Benchmark, list[Result]],
    tests: Compared,
    left_out: list[LeftOut],
    options: argparse.Namespace,
) -> str:
    if options.format == "csv":
        runs = [run for found in grouped.values() for run in found]
        return csv_text(runs, per_run=options.per_run)
    sections = tables(grouped, tests, options.top)
    sections += [left_out_section(left_out)] if left_out else []
    if options.format == "latex":
        return as_latex(sections)
    return as_markdown(sections) + _figures(grouped)


def _figures(grouped: Mapping[Benchmark, list[Result]]) -> str:
    drawn = [
        printable(f) for run in best_runs(grouped) for f in sorted(run.directory.glob("*.png"))
    ]
    return "\nFigures of the best on validation:\n  " + "\n  ".join(drawn) + "\n" if drawn else ""


def _write(
    grouped: Mapping[Benchmark, list[Result]],
    tests: Compared,
    left_out: list[LeftOut],
    options: argparse.Namespace,
) -> None:
    from .document import report_files  # draws

    files = report_files(grouped, tests, left_out, top=options.top, per_run=options.per_run)
    write_report(options.output, files, force=options.force)
    print(f"report written: {options.output / 'report.html'}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
