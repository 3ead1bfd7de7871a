"""The page of one run: all that its directory says, in one file beside it."""

from datetime import UTC, datetime
from pathlib import Path

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import PAGE
from longnn.runs.result import Result
from longnn.training.scores import counted

from .opened import opened_run
from .page import html_page
from .run_sections import chooses, command, figures, files, origin, scores, settings
from .write import OutputError


def write_page(folder: Path, *, force: bool = False) -> Path:
    """Writes the page of a run into its directory.

    Args:
        folder: of a finished run.
        force: replace a page that no report wrote.

    Returns:
        The file.

    Raises:
        FileNotFoundError: if no run has finished there.
        RunDirectoryError: if its result is damaged.
        OutputError: if a file that no report wrote is in the way, or writing fails.
    """
    file = folder / PAGE
    if file.exists() and not force and not _is_ours(file):
        raise OutputError(f"{file} was not written by a report; move it, or replace it by --force")
    page = run_page(folder)
    try:
        with atomic_write(file) as path:
            path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror or error}") from error
    return file


def _is_ours(file: Path) -> bool:
    with file.open("rb") as opened_file:
        return b'<meta name="generator" content="longnn report">' in opened_file.read(1000)


def run_page(folder: Path) -> str:
    """The page of a run as HTML that loads nothing.

    Args:
        folder: of a finished run.

    Raises:
        FileNotFoundError: if no run has finished there.
        RunDirectoryError: if its result is damaged.
    """
    with opened_run(folder) as run:
        sections = [
            scores(run.result),
            *figures(run),
            settings(run.result),
            command(run.result),
            origin(run.result),
            files(folder),
        ]
    return html_page(sections, _title(run.result), _summary(run.result))


def _title(run: Result) -> str:
    part, score = ("validation", run.val) if chooses(run) else ("test", run.test)
    return f"{run.title}: {part} {run.metric} {score} %"


def _summary(run: Result) -> str:
    splits, seeds = len({r.split for r in run.per_run}), len({r.seed for r in run.per_run})
    written = datetime.fromtimestamp(run.written, UTC).strftime("%d %B %Y")
    interval = "mean with 95 % interval (Student's t)" if run.test.n > 1 else "a single score"
    return (
        f"{counted(run.test.n, 'run')}: {counted(splits, 'split')} ({run.split}, "
        f"{run.split_hash[:8]}) x {counted(seeds, 'seed')}; {interval}. Recorded on {written}."
    )
