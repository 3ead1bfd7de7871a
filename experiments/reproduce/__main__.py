"""``longnn reproduce``: the tables of docs/results, from runs that it starts.

Runs what is missing, takes the results into docs/results/records, and writes the pages from them.
Killed and started again it goes on where it was.
"""

import argparse
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longnn.runs.atomic import atomic_write

from ..report.runs import collect
from . import phase_study, records, trials
from .pages import page
from .pictures import page_figures
from .targets import TARGETS, command

STUDIES = {"phase": phase_study}
"""Pages of their own design, each a module with run(folder, limit) and render(folder)."""

PAGES = (*TARGETS, *STUDIES)

FOLDER = Path(__file__).parents[2] / "docs" / "results"


def run(name: str, runs: Path, only: tuple[str, ...]) -> bool:
    """Runs the sweeps of a page; False if a job of one failed."""
    directory = str(runs / name)
    commands = [command(sweep, directory, only) for sweep in TARGETS[name].sweeps]
    train = [sys.executable, "-m", "longnn.experiments", "train"]
    codes = [
        subprocess.run([*train, *arguments], check=False) for arguments in commands if arguments
    ]
    return all(done.returncode == 0 for done in codes)


def take(name: str, runs: Path, folder: Path) -> None:
    """Takes the results of the runs into the records of a page."""
    file = folder / "records" / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    new = [records.record_of(found) for found in collect([runs / name]).runs]
    records.write(file, records.merged(records.read(file), new))


def render(name: str, folder: Path) -> Path:
    """Writes a page and its figures from its records."""
    found = records.read(folder / "records" / f"{name}.jsonl")
    (folder / "figures").mkdir(exist_ok=True)
    for file, figure in page_figures(name, found, folder).items():
        with atomic_write(folder / "figures" / file) as path:
            figure.savefig(path, dpi=150)
    target = folder / f"{name}.md"
    with atomic_write(target) as path:
        path.write_text(page(name, found, folder))
    return target


def main(arguments: list[str] | None = None) -> int:
    """Makes the pages that the command line names, and returns the exit code."""
    command_line = parser()
    options = command_line.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    unknown = sorted(set(options.page) - set(PAGES))
    if unknown:
        command_line.error(f"unknown page {unknown[0]!r}; choose of {', '.join(PAGES)}")
    if options.trials:
        file = options.output / "records" / "trials.jsonl"
        try:
            trials.add(file, [trials.trials_of(directory) for directory in options.trials])
        except (FileNotFoundError, ValueError) as error:
            command_line.error(str(error))
    good = True
    for name in options.page or PAGES:
        if name in STUDIES:
            if not options.render:
                STUDIES[name].run(options.output, options.graphs)
            print(STUDIES[name].render(options.output))
            continue
        if not options.render:
            with _ended_by_sigterm():
                good &= run(name, options.runs, tuple(options.only))
            take(name, options.runs, options.output)
        print(render(name, options.output))
    return 0 if good else 1


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn reproduce``."""
    made = argparse.ArgumentParser(prog="longnn reproduce", description=__doc__)
    names = f"of {', '.join(PAGES)}; none: all"
    made.add_argument("page", nargs="*", help=names)
    made.add_argument("--runs", type=Path, default=Path("runs"), help="where the runs go")
    made.add_argument("--only", nargs="+", default=(), metavar="DATASET", help="these alone")
    made.add_argument(
        "--trials", type=Path, nargs="+", default=(), metavar="SEARCH",
        help="take the trials of searches (hydra.sweep.dir) into the record",
    )  # fmt: skip
    made.add_argument(
        "--graphs", type=int, metavar="N", help="of phase: measure no more than N graphs now"
    )
    made.add_argument("--render", action="store_true", help="write pages, run nothing")
    made.add_argument("--output", type=Path, default=FOLDER, help="docs/results")
    return made


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """A sweep would outlive its terminated parent; an exception makes subprocess.run end it."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
