"""The finished runs below some folders, and which of them may be compared."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from longnn.runs.directory import RESULT, RunDirectoryError
from longnn.runs.result import Result, read_result
from longnn.runs.text import printable

LOG = logging.getLogger(__name__)


class Benchmark(NamedTuple):
    """What two runs must share for their scores to stand in one column.

    Attributes:
        dataset: name of the dataset.
        checksum: sha256 of its content.
        protocol: name of the split protocol.
        split_hash: sha256 of the splits.
        metric: name of the score.
    """

    dataset: str
    checksum: str
    protocol: str
    split_hash: str
    metric: str

    @property
    def splits(self) -> str:
        """The protocol with the first digits of the splits' hash: `per_class (5f3a0b1c)`."""
        return f"{self.protocol} ({self.split_hash[:8]})"


def benchmark_of(run: Result) -> Benchmark:
    """The data, splits and metric of a run."""
    return Benchmark(run.dataset, run.dataset_checksum, run.split, run.split_hash, run.metric)


class LeftOut(NamedTuple):
    """A result that a report does not show.

    Attributes:
        directory: where it lies.
        reason: what is wrong with it, and what to do.
    """

    directory: Path
    reason: str


class Collected(NamedTuple):
    """What lies below some folders, in order of path.

    Attributes:
        runs: the finished runs.
        left_out: the results that are damaged or of another layout.
    """

    runs: list[Result]
    left_out: list[LeftOut]


def collect(folders: Iterable[Path]) -> Collected:
    """Reads every finished run below some folders; each directory counts once.

    A result that cannot be read or has another layout is left out with a logged warning.

    Args:
        folders: of run directories, at any depth.

    Raises:
        FileNotFoundError: if a folder does not exist or holds no result, or none can be read.
    """
    runs: dict[Path, Result] = {}
    left_out: dict[Path, LeftOut] = {}
    seen = list(folders)
    for folder in seen:
        for file in _results(folder):
            found = _read(file)
            place = file.parent.resolve()
            if isinstance(found, Result):
                runs[place] = found
            else:
                left_out[place] = found
    for one in left_out.values():
        LOG.warning("left out: %s", one.reason)
    if not runs:
        raise _nothing(seen, f"all {len(left_out)} there were left out")
    return Collected(list(runs.values()), list(left_out.values()))


def _nothing(folders: Iterable[Path], seen: str) -> FileNotFoundError:
    names = ", ".join(map(str, folders))
    return FileNotFoundError(
        f"no finished run below {names} ({seen}); train one first: longnn train"
    )


def _results(folder: Path) -> list[Path]:
    if not folder.is_dir():
        what = "is not a directory" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"{folder} {what}; give a folder of run directories")
    files = sorted(folder.rglob(RESULT))
    if not files:
        raise _nothing([folder], "none is there")
    return files


def _read(file: Path) -> Result | LeftOut:
    try:
        return read_result(file)
    except (OSError, RunDirectoryError) as error:
        return LeftOut(file.parent, printable(error))


def by_benchmark(runs: Iterable[Result]) -> dict[Benchmark, list[Result]]:
    """Groups runs by what they may be compared on, sorted."""
    grouped: dict[Benchmark, list[Result]] = defaultdict(list)
    for run in runs:
        grouped[benchmark_of(run)].append(run)
    return dict(sorted(grouped.items()))


def by_model(runs: Iterable[Result]) -> dict[str, list[Result]]:
    """Groups runs of one benchmark by model, sorted by name; the best on validation comes first."""
    grouped: dict[str, list[Result]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (-run.validation, run.identity)):
        grouped[run.model].append(run)
    return dict(sorted(grouped.items()))
