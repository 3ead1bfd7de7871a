"""Whether the values of a run directory are possible, and those of one run; imports no jax."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Real

from longnn.data.labels import LESS_IS_BETTER, MULTILABEL_METRICS, REGRESSION_METRICS
from longnn.data.partition import VAL, Splits
from longnn.graphs.numbers import first_true
from longnn.runs.directory import RunDirectoryError
from longnn.runs.result import Result, TrainedModel
from longnn.runs.trust import PACKAGES

SUM_TOLERANCE = 1e-4
"""How far the sum of the probabilities of a node may be from 1, in float32."""

TIED_NODES, TIED_SCORE = 2, 0.02
"""How far a score of classes may be off where another program breaks ties otherwise: the share of
so many nodes, or for scores that are no mean over nodes this much, whichever is more."""


def expect(file: Path, fulfilled: bool, problem: str) -> None:
    """Raises a RunDirectoryError with what is wrong with a file unless a condition is fulfilled.

    Args:
        file: of a run directory.
        fulfilled: the condition.
        problem: what came, and what was expected.
    """
    if not fulfilled:
        raise _unfit(file, problem)


def _unfit(file: Path, problem: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"{file} is not of this run, or damaged: {problem}; copy the directory again, or train "
        "that run again with force=true"
    )


NEEDED = {
    "dataset": ("_target_",),
    "graph": ("keep", "self_loops", "degree_exponent"),
    "model": ("_target_",),
    "optim": ("groups", "decay"),
}
"""The settings without which a run cannot be opened."""


def check_config(file: Path, config: Mapping[str, Any]) -> None:
    """Raises a RunDirectoryError unless a config has the settings that a run is opened by.

    Args:
        file: that holds the config.
        config: plain values.
    """
    for group, names in NEEDED.items():
        found: Any = config.get(group)
        given = isinstance(found, Mapping)
        expect(file, given, f"its config has {group} {found!r}, expected settings by name")
        missing = [name for name in names if name not in found]
        expect(file, not missing, f"{group} in its config lacks {', '.join(missing)}")


def check_counts(file: Path, name: str, node: Any, most: int) -> None:  # values of any kind
    """Raises a RunDirectoryError if a config asks for more of something than a run has.

    What a config names is built before its size can be seen: two billion terms, or layers. Whole
    numbers count, since what counts takes no other; those of code outside of our packages, which
    a user has to trust by name, may mean anything.

    Args:
        file: that holds the config.
        name: of the node, for the message.
        node: plain values; seeds may be any number.
        most: the largest number that is possible.
    """
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, Mapping):
        if str(node.get("_target_", PACKAGES[0])).partition(".")[0] in PACKAGES:
            for key, value in node.items():
                check_counts(file, f"{name}.{key}", value, most)
    elif isinstance(node, int) and "seed" not in name.rpartition(".")[2]:
        problem = f"{name}={node} in its config, where {most:,} is the most"
        expect(file, abs(node) <= most, problem)


def check_finite(file: Path, arrays: Mapping[str, Real[np.ndarray, "..."]]) -> None:
    """Raises a RunDirectoryError if an entry of an array is NaN or infinite."""
    for name, values in arrays.items():
        bad = first_true(~np.isfinite(values))
        expect(file, bad is None, f"{name} is not finite at {bad}")


def check_splits(file: Path, part: Integer[np.ndarray, "S N"], result: Result) -> None:
    """Raises a RunDirectoryError unless these are the splits that a result names.

    Args:
        file: that holds them.
        part: [S, N] of each split and node.
        result: of the run.
    """
    try:
        found = Splits(result.split, part).hash
    except ValueError as error:
        raise _unfit(file, str(error)) from error
    same = found == result.split_hash
    expect(file, same, f"part has hash {found}, split_hash in result.json is {result.split_hash}")
    unused = {*range(len(part))} - {row.split for row in result.per_run}
    expect(file, not unused, f"no model of per_run in result.json has the splits {sorted(unused)}")


def check_outputs(
    file: Path, predictions: Mapping[str, Real[np.ndarray, "..."]], metric: str
) -> None:
    """Raises a RunDirectoryError unless values are finite, and probabilities are such.

    Args:
        file: that holds them.
        predictions: "values" [B, N], or "probabilities" [B, N, C], in [0, 1] with sum 1 over C
            unless a node has several labels.
        metric: the name of the score.
    """
    if "values" in predictions:
        check_finite(file, {"values": predictions["values"]})
        return
    found = predictions["probabilities"]
    for number, of_model in enumerate(found):  # one by one: all of them may have gigabytes
        bad = first_true(~((of_model >= 0) & (of_model <= 1 + SUM_TOLERANCE)))
        place = [number, *(bad or ())]
        expect(file, bad is None, f"a probability is not in [0, 1] at {place}")
        if metric in MULTILABEL_METRICS:
            continue
        total = of_model.sum(axis=-1, dtype=np.float64)
        bad = first_true(np.abs(total - 1) > SUM_TOLERANCE)
        place = [number, *(bad or ())]
        expect(file, bad is None, f"the sum of the probabilities is not 1 at {place}")


def check_curves(
    file: Path,
    curves: Mapping[str, Float[np.ndarray, "B epochs"]],
    result: Result,
    part: Integer[np.ndarray, "S N"],
) -> None:
    """Raises a RunDirectoryError unless curves lead to what a result says was selected.

    What selects (``optim.stop``, by default the validation score) is best at the selected epoch,
    whose validation score is the recorded one, up to ties that another program may break
    otherwise; the exponents there are the recorded ones.

    Args:
        file: that holds them.
        curves: name -> [B, epochs], NaN after a model's end.
        result: of the run.
        part: [S, N] of each split and node.
    """
    stop = result.config.get("optim", {}).get("stop", "val")
    expect(file, stop in curves, f"there is no curve of {stop}, which selected the epochs")
    for number, row in enumerate(result.per_run):
        own = {name: values[number] for name, values in curves.items()}
        nodes = int((part[row.split] == VAL).sum())
        problem = _length_problem(own, row) or _selected_problem(own[stop], row, stop)
        problem = problem or _recorded_problem(own, row, result.metric, nodes)
        expect(file, problem is None, f"model {number} of per_run in result.json: {problem}")


def _length_problem(curves: Mapping[str, np.ndarray], row: TrainedModel) -> str | None:
    """What is wrong with the epochs of a model."""
    trained = row.epochs - row.diverged  # the last epoch of a diverged model has no finite loss
    if not 1 <= row.best_epoch <= row.epochs:
        return f"epoch {row.best_epoch} was selected of {row.epochs}"
    for name, values in curves.items():
        ours = name in ("loss", "val_loss", "val")  # a model may draw what it likes
        if ours and not np.isfinite(values[:trained]).all():
            return f"{name} is not finite before the end at epoch {row.epochs}"
        if not np.isnan(values[row.epochs :]).all():
            return f"{name} goes on after the end at epoch {row.epochs}"
    return None


def _selected_problem(curve: np.ndarray, row: TrainedModel, stop: str) -> str | None:
    """What is wrong with the selected epoch, given the curve of what selects it."""
    values = curve[: row.epochs - row.diverged]
    less = stop in ("loss", "val_loss") or stop.partition("_")[2] in LESS_IS_BETTER
    best = float(values.min() if less else values.max())
    found = float(curve[row.best_epoch - 1])
    if found != best:
        return f"{stop} is {found} at the selected epoch {row.best_epoch}, but {best} once"
    return None


def _recorded_problem(
    curves: Mapping[str, np.ndarray], row: TrainedModel, metric: str, nodes: int
) -> str | None:
    """What is recorded otherwise of a model that was validated on a number of nodes."""
    selected = {name: float(values[row.best_epoch - 1]) for name, values in curves.items()}
    tied = 0.0 if metric in REGRESSION_METRICS else max(TIED_NODES / nodes, TIED_SCORE)
    if not np.isclose(row.val, 100 * selected["val"], rtol=1e-3, atol=0.01 + 100 * tied):
        return f"its val is {row.val}, the curve has {100 * selected['val']} at the selected epoch"
    for name in ("alpha", "beta"):
        told = getattr(row, name)
        if told is not None and not np.isclose(told, selected.get(name, np.nan), rtol=1e-5):
            return f"its {name} is {told}, the curve has {selected.get(name)} at the selected epoch"
    return None
