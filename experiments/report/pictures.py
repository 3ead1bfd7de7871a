"""The figures of a report, as PNG files with a caption and a text for those who cannot see."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from longnn.plot import ranks
from longnn.runs.directory import FILTER
from longnn.runs.result import Result

from .differences import by_split
from .labels import label
from .overall import ranked, scores_of
from .overview import by_protocol
from .picture import Picture, drawn, file_name
from .plot_scores import Scores, scores
from .plot_search import history, parameters
from .runs import Benchmark, by_model
from .settings import searched, varied
from .text import literal

SEARCH = 9
"""From how many runs of one model on one benchmark on they are drawn as a search."""

LARGEST = 1 << 24
"""The number of bytes that a figure of a run may have to be shown in a report; one has 0.1 MB."""

_PNG = b"\x89PNG\r\n\x1a\n"


def score_pictures(grouped: Mapping[Benchmark, list[Result]]) -> Iterator[Picture]:
    """Test scores with intervals, a figure for each protocol and metric."""
    for (protocol, metric), columns in sorted(by_protocol(grouped).items()):
        panels = {
            dataset: {model: _scores(runs[0]) for model, runs in by_model(found).items()}
            for dataset, found in columns.items()
        }
        yield drawn(
            scores(panels, metric, f"split {protocol}"),
            f"scores-{protocol}-{metric}",
            f"Test {metric}, split {protocol}: mean with 95 % interval over all runs, and as pale "
            "points the splits (mean over seeds). Of several runs of a model the best on "
            "validation. Each panel has its own axis.",
            f"Test {metric} by dataset and model: " + "; ".join(_spoken(panels)),
        )


def _scores(run: Result) -> Scores:
    points = np.array(list(by_split(run.per_run).values()))
    return Scores(points, run.test.mean, run.test.ci95)


def _spoken(panels: dict[str, dict[str, Scores]]) -> Iterator[str]:
    for dataset, panel in panels.items():
        yield f"{dataset}: " + ", ".join(f"{m} {found.mean:.1f} %" for m, found in panel.items())


def search_pictures(benchmark: Benchmark, model: str, runs: list[Result]) -> Iterator[Picture]:
    """The history of a search and its settings; nothing for fewer than `SEARCH` runs.

    Args:
        benchmark: what the runs share.
        model: of the runs.
        runs: in any order.
    """
    if len(runs) < SEARCH:
        return
    runs = sorted(runs, key=lambda run: (run.written, run.directory))
    validation = np.array([run.validation for run in runs])
    dataset, metric = benchmark.dataset, benchmark.metric
    name, tail = f"{model} on {dataset}", f"{model}-{dataset}-{benchmark.split_hash[:8]}"
    best = f"{validation.max():.1f} %, reached by run {int(validation.argmax()) + 1}"
    yield drawn(
        history(validation, metric, f"{name}: {len(runs)} runs"),
        f"history-{tail}",
        f"{name}: validation score of each run in the order in which the results were written.",
        f"Validation {metric} of {len(runs)} runs, from {validation.min():.1f} % to {best}",
    )
    values = searched(varied(runs))
    if values:
        yield drawn(
            parameters(values, validation, metric, f"{name}: {len(runs)} runs"),
            f"parameters-{tail}",
            f"{name}: validation score against each setting that differs between the runs; the "
            "star is the best run.",
            f"Validation {metric} against {', '.join(values)}; best {best}",
        )


def rank_pictures(grouped: Mapping[Benchmark, list[Result]]) -> Iterator[Picture]:
    """The critical-difference figure; nothing where the models cannot be ranked."""
    scores = scores_of(grouped)
    found = ranked(scores)
    if found is None:
        return
    average = dict(zip(map(literal, scores.models), found.average.tolist(), strict=True))
    count = len(scores.datasets)
    yield drawn(
        ranks(average, found.critical, f"Average ranks over {count} datasets"),
        "ranks",
        f"Average ranks over {count} datasets, 1 is the best. Models that a bar joins do not "
        "differ at level 0.05 (Nemenyi's test); the line on top is its critical difference.",
        "Average ranks: " + ", ".join(f"{model} {rank:.2f}" for model, rank in average.items()),
    )


def filter_picture(run: Result) -> Picture | None:
    """The learned filter as the run has drawn it; None where it has not."""
    png = stored_png(run.directory / FILTER)
    if png is None:
        return None
    return Picture(
        file_name(f"filter-{run.model}-{run.dataset}-{label(run)}"),
        png,
        f"{run.title} (run {label(run)}, split {run.split} "
        f"{run.split_hash[:8]}): learned filter over the eigenvalues of L, above their density.",
        f"Learned filter of {run.title}, one curve for each output",
    )


def stored_png(file: Path) -> bytes | None:
    """The content of a figure of a run; None where it is missing, too large, or no PNG."""
    small = file.is_file() and file.stat().st_size <= LARGEST
    png = file.read_bytes() if small and os.access(file, os.R_OK) else b""
    return png if png.startswith(_PNG) else None
