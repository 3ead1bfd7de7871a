"""The finished runs below some folders, and which of them may be compared."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from longnn.runs.directory import RESULT, RunDirectoryError
from longnn.runs.result import Result, read_result

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


def collect(folders: Iterable[Path]) -> list[Result]:
    """Reads every finished run below some folders, in order of path; each directory counts once.

    A result that cannot be read or has another layout is left out with a logged warning.

    Args:
        folders: of run directories, at any depth.

    Raises:
        FileNotFoundError: if a folder does not exist or holds no finished run that can be read.
    """
    found: dict[Path, Result] = {}
    for folder in folders:
        if not folder.is_dir():
            what = "is not a directory" if folder.exists() else "does not exist"
            raise FileNotFoundError(f"{folder} {what}; give a folder of run directories")
        files = sorted(folder.rglob(RESULT))
        read = [run for run in map(_read_or_warn, files) if run is not None]
        if not read:
            seen = f"all {len(files)} there were left out" if files else "none is there"
            raise FileNotFoundError(
                f"no finished run below {folder} ({seen}); train one first: longnn train"
            )
        found |= {run.directory.resolve(): run for run in read}
    return list(found.values())


def _read_or_warn(file: Path) -> Result | None:
    try:
        return read_result(file)
    except (OSError, RunDirectoryError) as error:
        LOG.warning("left out: %s", error)
        return None


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
