"""All pairs of models on each dataset, and why some are not compared."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

from longnn.runs.result import Result

from .compare import ComparisonError, Pair, pair_of
from .compared import Compared
from .pairtable import paired
from .runs import Benchmark, by_model

ONE_MODEL = "all runs there are of one model; train another one on the same splits"
ONE_SPLIT = "there is one split, and a test takes several; train on more (split.count=10)"


def all_pairs(grouped: Mapping[Benchmark, list[Result]]) -> Compared:
    """Every pair of models on every benchmark, each model by its run best on validation.

    Args:
        grouped: runs by benchmark.
    """
    found: list[Pair] = []
    left: dict[str, list[str]] = defaultdict(list)
    for benchmark, runs in grouped.items():
        reason = _reason(runs)
        if reason is not None:
            left[reason].append(f"{benchmark.dataset}, split {benchmark.splits}")
            continue
        for a, b in combinations(by_model(runs).values(), 2):
            try:
                found.append(pair_of(benchmark, a, b))
            except ComparisonError as error:
                left[str(error)].append(f"{benchmark.dataset}, split {benchmark.splits}")
    text = [f"Not compared: {'; '.join(where)}. Reason: {why}." for why, where in left.items()]
    models = {run.model for pair in found for run in pair.runs}
    title = "All pairs of models, paired by split"
    if len(models) == 2:
        title = "{1} minus {0}, paired by split".format(*sorted(models))
    return Compared(text) + paired(found, title)


def _reason(runs: list[Result]) -> str | None:
    """Why nothing is compared on a benchmark; None where something is."""
    if len({run.model for run in runs}) == 1:
        return ONE_MODEL
    if all(len({row.split for row in run.per_run}) == 1 for run in runs):
        return ONE_SPLIT
    return None
