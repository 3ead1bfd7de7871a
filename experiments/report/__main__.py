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
from .compare import ComparisonError, pairs
from .compared import Compared
from .contents import best_runs, left_out_section, tables
from .csvfile import csv_text
from .everything import all_pairs
from .factor import effect_of
from .latex import as_latex
from .markdown import as_markdown
from .options import parser
from .overall import over_datasets
from .pairtable import paired
from .reference import read_references
from .runs import Benchmark, LeftOut, by_benchmark, collect
from .tables import Table
from .write import OutputError, write_report


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
