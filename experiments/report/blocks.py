"""One table for each dataset and draw of splits, with every model and all its settings."""

from collections.abc import Sequence

from longnn.data.labels import factor_of
from longnn.runs.endings import at_limit, untested_note
from longnn.runs.result import Result

from .labels import label
from .runs import Benchmark, by_model
from .settings import varied, words
from .tables import Table

TOP = 10
"""How many rows of one model are shown unless the caller says otherwise."""


def block(benchmark: Benchmark, runs: list[Result], top: int = TOP) -> Table:
    """The table of runs that share data and splits; the best of a model on validation comes first.

    Args:
        benchmark: what the runs share.
        runs: the runs.
        top: how many rows of each model are shown; a note counts the others.
    """
    models = by_model(runs)
    several = any(len(found) > 1 for found in models.values())
    beside = list(dict.fromkeys(name for run in runs for name in run.metrics))
    of_metrics = (f"test {name}" for name in beside)
    header = ("model", "run", "test", "validation", "n", "alpha", "beta", *of_metrics)
    rows = [row for found in models.values() for row in _rows(found, top, several, beside)]
    return Table(
        f"{benchmark.dataset}, split {benchmark.splits}",
        f"{benchmark.metric} in percent, mean +- 95 % interval (Student's t)",
        (*header, "differs in") if several else header,
        rows,
        _notes(models, top, several) + units(beside),
    )


def units(metrics: Sequence[str]) -> list[str]:
    """Which of some metrics are not in percent, as a sentence; none where all are."""
    plain = [name for name in metrics if factor_of(name) == 1]
    return [f"{', '.join(plain)}: in nats, not in percent."] if plain else []


def _rows(
    runs: list[Result], top: int, several: bool, beside: Sequence[str]
) -> list[tuple[str, ...]]:
    differing = varied(runs)
    rows: list[tuple[str, ...]] = []
    for index, run in enumerate(runs[:top]):
        row = (
            run.model,
            label(run),
            str(run.test),
            str(run.val),
            str(run.test.n),
            _mean_of([row.alpha for row in run.per_run]),
            _mean_of([row.beta for row in run.per_run]),
            *(str(run.metrics.get(name, {}).get("test", "-")) for name in beside),
        )
        rows.append((*row, words(differing, index) or "-") if several else row)
    return rows


def _notes(models: dict[str, list[Result]], top: int, several: bool) -> list[str]:
    notes = []
    if several:
        notes.append(
            "Runs with different settings, seeds included, are separate rows and never averaged; "
            "a model's rows are ordered by validation."
        )
    for model, runs in models.items():
        if len(runs) > top:
            notes.append(
                f"{model}: {len(runs) - top} of {len(runs)} runs hidden, those lowest on "
                "validation (--top N shows N)."
            )
        limited = sum(at_limit(run) for run in runs[:top])
        if limited:
            trained = sum(len(run.per_run) for run in runs[:top])
            notes.append(
                f"{model}: {limited} of {trained} splits and seeds in these rows ended at the "
                "limit (optim.max_epochs), before their patience."
            )
        diverged = sum(run.diverged for run in runs[:top])
        if diverged:
            notes.append(
                f"{model}: {diverged} splits or seeds in these rows diverged; their scores are of "
                "the epochs before."
            )
    untested = {untested_note(run): None for found in models.values() for run in found[:top]}
    notes += [f"{note[0].upper()}{note[1:]}." for note in untested if note]
    return notes


def _mean_of(exponents: Sequence[float | None]) -> str:
    """The mean of a learned exponent over the splits and seeds that have one."""
    values = [value for value in exponents if value is not None]
    return f"{sum(values) / len(values):.2f}" if values else "-"
