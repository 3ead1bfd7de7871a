"""Trains one model on all trials, splits and seeds as one batch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import optax
from jax.typing import DTypeLike

from longnn.data.dataset import Dataset
from longnn.data.splits import Splits
from longnn.operators.choice import Backend
from longnn.training.batch import make_batch
from longnn.training.builder import ModelClass, Settings, Trial
from longnn.training.device_counts import Devices, groups_for, groups_of
from longnn.training.directions import CHARGE, GraphOperator, with_directions
from longnn.training.drive import Progress, train
from longnn.training.inputs import Inputs, inputs_of
from longnn.training.joining import check_started, joined
from longnn.training.loop import Problem
from longnn.training.optim import Optim, OptimLike, as_optim
from longnn.training.problem import Asked, asked_of
from longnn.training.ranges import check_setting
from longnn.training.refused import refusals
from longnn.training.result import Fit
from longnn.training.room import MEMORY_GB
from longnn.training.seeds import seeds_of
from longnn.training.settings import each_settings


def fit(
    model: str | ModelClass,
    data: Dataset | Problem,
    splits: Splits,
    *,
    seeds: int | Sequence[int] = 1,
    optim: OptimLike | Sequence[Optim] | None = None,
    settings: Settings | Sequence[Settings] | None = None,
    metric: str | None = None,
    classes: int | None = None,
    self_loops: float | None = None,
    degree_exponent: float | None = None,
    operator: GraphOperator = "symmetric",
    charge: float = CHARGE,
    backend: Backend = "auto",
    dtype: DTypeLike | None = None,
    chunk: int = 50,
    memory_gb: float = MEMORY_GB,
    devices: Devices = "all",
    nodes_over: int = 1,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Fit:
    """Trains every (trial, seed, split) as one batch through one compiled chunk of epochs.

    Only training and validation nodes are looked at; ``Fit.score()`` reads the test nodes
    afterwards, once. Random numbers depend on (seed, split) alone.

    Args:
        model: a name of ``longnn.models``, such as "longnn", or a class that is called as
            ``model(F, C, dtype=..., rngs=..., **settings)``; see ``longnn.models.Model``.
        data: a dataset of N nodes; or its operator, features and labels as a
            ``longnn.training.Problem``, which then says nothing of classes, metric and graph.
        splits: S splits of the N nodes.
        seeds: how many random seeds (3 means 0, 1 and 2), or these, of the initial values and of
            dropout; B = T * (number of seeds) * S.
        optim: how to train: an ``Optim`` (None: the default one), any optax transformation, or
            one for each optimizer group; or an Optim for each of T trials.
        settings: the model's settings; floats and arrays of them are traced, all else is static. Or
            one mapping for each of T trials, which differ in traced ones only.
        metric: one of ``longnn.training.METRICS``, for selection and scores; None: that of the
            dataset. "r2" trains on the mean squared error, "multilabel_micro_f1" and
            "multilabel_roc_auc" on the mean binary cross entropy of C labels, the others on the
            mean negative log-likelihood.
        classes: C; None: that of the dataset. 1 for metric "r2".
        self_loops: the weight of a loop that every node of a dataset gets, >= 0; None: what the
            model's authors take (1 for GCN and its kin, else 0).
        degree_exponent: r of P = D^-r A D^(r-1), in [0, 1]; 1/2 is the symmetric S; None: what the
            model's class says, or 1/2.
        operator: "symmetric": S of the undirected graph. For a dataset with directions
            (``Dataset.digraph``) and a spectral model also "magnetic", complex phases, or
            "directions", both of them as two channels; see docs/models.md.
        charge: q of the magnetic operator; fits that differ in it share one program.
        backend: of the operator and of the features; see ``longnn.operators``.
        dtype: of operator, features and parameters, float32 (None) or float64, which needs
            ``jax.config.update("jax_enable_x64", True)`` at the start of the program.
        chunk: epochs between two looks at the host, >= 1.
        memory_gb: the memory that training may take on each device, > 0; of a larger batch the
            rest waits until runs have ended.
        devices: over how many devices the runs are spread, >= 1; "all": over those of this process,
            or of all that ``jax.distributed`` has joined, each of which gets the whole fit.
        nodes_over: over how many of them the nodes are spread, >= 1: each holds a block of rows,
            and products exchange the rows at its boundary. The runs are then spread over groups of
            so many devices.
        on_progress: called after each chunk.

    Raises:
        MemoryError: if one run alone needs more than ``memory_gb``.
        ValueError: if an argument is of another kind, shapes do not fit, a name, label or setting
            is unknown or out of range, there are fewer devices, a part lacks what the metric
            needs, or an optimizer group has no rates.
        FloatingPointError: if the loss of a run is not finite from its first epoch.

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> few = longnn.Optim(max_epochs=5)
        >>> run = longnn.fit("longnn", data, splits, seeds=3, optim=few)
        >>> len(run.runs), run.alpha.shape, run.score().n
        (6, (6,), 6)
    """
    check_setting("chunk", chunk)
    check_setting("memory_gb", memory_gb)
    groups_of(devices, nodes_over)  # refuses what is not there
    numbers = seeds_of(seeds)
    trials = [trial._replace(seeds=numbers) for trial in trials_of(optim, settings)]
    runs = max(len(trials) * len(numbers) * len(getattr(splits, "part", "?")), 1)
    asked = asked_of(
        model,
        data,
        classes=classes,
        metric=metric,
        self_loops=self_loops,
        degree_exponent=degree_exponent,
        operator=operator,
        charge=charge,
        backend=backend,
        dtype=dtype,
        nodes_over=nodes_over,
        runs_over=groups_for(devices, nodes_over, runs),
    )
    trials = with_directions(trials, asked.problem)
    for refused in refusals(asked.model, asked.problem, asked.classes, trials[1:]).values():
        raise refused
    batch = make_batch(
        asked.model, asked.problem, splits, asked.classes, trials, asked.metric, devices
    )
    started = time.perf_counter()
    compiling: list[float] = []
    finished = train(
        batch,
        chunk=chunk,
        memory=memory_gb * 1e9,
        on_progress=on_progress,
        on_compiled=compiling.append,
    )
    trained = joined(batch, list(finished), sum(compiling))
    trained.seconds["train"] = time.perf_counter() - started - sum(compiling)
    check_started(trained)
    return replace(trained, title=asked.title, graph=asked.graph, inputs=_inputs(asked, data))


def _inputs(asked: Asked, data: Dataset | Problem) -> Inputs | None:
    """What the trained models take; None where a problem says nothing of graphs and features."""
    if asked.settings is None or not isinstance(data, Dataset):
        return None
    return inputs_of(data, asked.settings, asked.metric, asked.classes, asked.title)


def trials_of(
    optim: OptimLike | Sequence[Optim] | None, settings: Settings | Sequence[Settings] | None
) -> list[Trial]:
    """One trial for each optim and settings; what is given once holds for all.

    Args:
        optim: for each trial, or for all.
        settings: likewise.

    Raises:
        ValueError: if there are as many of one as do not go with the other.
    """
    optims = [as_optim(one) for one in _each(optim)]
    given = each_settings(settings)
    count = max(len(optims), len(given))
    if not {len(optims), len(given)} <= {1, count}:
        raise ValueError(
            f"optim and settings must be given once or as often as there are trials, got "
            f"{len(optims)} and {len(given)}"
        )
    repeated = lambda values: values * count if len(values) == 1 else values  # noqa: E731
    return [Trial(*pair) for pair in zip(repeated(given), repeated(optims), strict=True)]


def _each(optim: OptimLike | Sequence[Optim] | None) -> Sequence[OptimLike | None]:
    """What is given for each trial."""
    # a transformation of optax is a tuple, and Sequence would take it, as it would a word
    if isinstance(optim, Sequence) and not isinstance(optim, str | optax.GradientTransformation):
        return optim
    return [optim]
