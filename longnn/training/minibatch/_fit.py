"""Trains a model in mini-batches of nodes whose propagated terms lie on the disk."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.typing import DTypeLike

from longnn.data.splits import Splits
from longnn.graphs.device import on_device
from longnn.models.propagated import Propagated
from longnn.stores.dataset import StoredDataset
from longnn.stores.terms import StoredTerms
from longnn.training._fit import trials_of
from longnn.training.batch import Batch, make_batch
from longnn.training.builder import ModelClass, Settings, Trial
from longnn.training.dtypes import check_dtype
from longnn.training.joining import check_started, joined
from longnn.training.minibatch.anchor import TOLERANCE, bases_of
from longnn.training.minibatch.checkpoint import train_kept
from longnn.training.minibatch.drive import BatchProgress, Trainer
from longnn.training.minibatch.result import StoredFit
from longnn.training.minibatch.work import work_of
from longnn.training.optim import Optim, OptimLike
from longnn.training.problem import class_of
from longnn.training.program import Problem
from longnn.training.ranges import check_setting
from longnn.training.refused import refusals
from longnn.training.room import MEMORY_GB
from longnn.training.seeds import seeds_of


def fit_stored(
    model: str | ModelClass,
    terms: StoredTerms,
    data: StoredDataset | np.ndarray,
    splits: Splits | None = None,
    *,
    batch_nodes: int = 10_000,
    seeds: int | Sequence[int] = 1,
    optim: OptimLike | Sequence[Optim] | None = None,
    settings: Settings | Sequence[Settings] | None = None,
    metric: str = "accuracy",
    classes: int | None = None,
    dtype: DTypeLike = "float32",
    memory_gb: float = MEMORY_GB,
    order_seed: int = 0,
    tolerance: float | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_seconds: float = 60.0,
    on_progress: Callable[[BatchProgress], None] = lambda _: None,
) -> StoredFit:
    """Trains every (trial, seed, split) together, in mini-batches of propagated nodes.

    Every run takes part in each mini-batch that is read, with its own training nodes. The loss of
    a mini-batch is scaled so that the mean over those of an epoch is the loss of the full batch at
    fixed parameters: with all training nodes in one, an epoch is one of ``longnn.fit``. After each
    epoch the validation nodes are evaluated, and rates, averaged weights, patience and selection
    are those of ``longnn.fit``; momenta and transformations of optax go on at every mini-batch.

    Memory: terms take at most half of ``memory_gb`` (all training nodes where they fit, else pieces
    of them, of which the order is random), labels and splits of all N nodes, and the outputs of the
    validation nodes of every run. Nothing else grows with N.

    Args:
        model: a name of ``longnn.models`` or a class, as in ``longnn.fit``, with a filter that can
            stand in front of the network; ``placement`` is "before" and ``order`` that of the terms
            unless settings say so themselves.
        terms: of N nodes (``longnn.stores.propagate``).
        data: the dataset that they were made of; or labels [N], or [N, C] of several labels a node.
        splits: S splits of the N nodes; None: the one that came with the dataset.
        batch_nodes: the most training nodes of a mini-batch, >= 1.
        seeds, optim, settings: as in ``longnn.fit``. A loss of one's own must be a mean over nodes.
        metric: one of ``longnn.training.METRICS``, for selection and scores.
        classes: C; None: that of the dataset.
        dtype: of the arithmetic, float32 or float64.
        memory_gb: the memory that training may take, > 0.
        order_seed: of the order of the nodes, which depends on it and on the epoch alone.
        tolerance: the bound on the error of the connection to the fixed basis, above which terms
            are changed to a nearer one while they are read; None: 1e-4 in float32, 1e-10 in
            float64.
        checkpoint: folder in which the training is kept, so that the same call goes on after the
            process was killed, with the same result to the last bit; a training that has ended is
            given at once. None: nowhere.
        checkpoint_seconds: the least time between two savings, >= 0.
        on_progress: called after each mini-batch and each epoch.

    Raises:
        MemoryError: if the terms of one mini-batch, or the compiled program of one, need more than
            half of ``memory_gb``.
        StoreError: if a block of the terms is damaged, the checkpoint is damaged, of another
            training or in use, or its disk is full (what was kept before stays).
        ValueError: if an argument is of another kind, sizes do not fit, the model has no filter in
            front of its network, or see ``longnn.fit``.
        FloatingPointError: if the loss of a run is not finite from its first epoch.

    Example:
        >>> import tempfile, longnn, polybases
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> folder = tempfile.mkdtemp()
        >>> edges = [(data.graph.pairs(), None)]
        >>> graph = longnn.stores.build(f"{folder}/graph", edges, 60)
        >>> basis = polybases.jacobi(4, 0.0, 0.0)
        >>> terms = longnn.stores.propagate(f"{folder}/terms", graph, data.features, basis)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> few = longnn.Optim(max_epochs=5)
        >>> run = longnn.fit_stored(
        ...     "longnn", terms, data.labels, splits, classes=2, batch_nodes=12, optim=few
        ... )
        >>> run.score("val").n, run.predict([3, 5]).probabilities.shape
        (2, (2, 2))
    """
    for name, value in {
        "batch_nodes": batch_nodes,
        "memory_gb": memory_gb,
        "order_seed": order_seed,
        "tolerance": tolerance,
        "checkpoint_seconds": checkpoint_seconds,
    }.items():
        check_setting(name, value)
    check_dtype(dtype)
    labels, width, splits = _known(data, terms, classes, splits)
    trials = [
        Trial(with_defaults(trial.settings, terms), trial.optim, seeds_of(seeds))
        for trial in trials_of(optim, settings)
    ]
    made = class_of(model)
    batch = batch_of(made, terms, labels, splits, width, trials, metric, np.dtype(dtype))
    work = work_of(batch, terms, labels, batch_nodes, memory_gb * 1e9, order_seed)
    started = time.perf_counter()
    trainer = Trainer(work, TOLERANCE[np.dtype(dtype).name] if tolerance is None else tolerance)
    if checkpoint is None:
        trainer.train(on_progress)
    else:
        train_kept(trainer, Path(checkpoint).expanduser(), checkpoint_seconds, on_progress)
    found = joined(batch, trainer.finished(time.perf_counter() - started), 0.0)
    check_started(found)
    name = getattr(made, "__name__", str(made))
    on = data.name if isinstance(data, StoredDataset) else terms.path.name
    given = vars(found) | {"title": f"{name} on {on}"}
    names = () if metric == "r2" else tuple(map(str, range(width)))
    return StoredFit(
        **given, terms=terms, batch_nodes=batch_nodes, anchor=trainer.anchor, classes=names
    )


def _known(
    data: StoredDataset | np.ndarray, terms: StoredTerms, classes: int | None, splits: Splits | None
) -> tuple[np.ndarray, int, Splits]:
    """Labels, C and splits; a ValueError where one is missing or of other nodes."""
    if isinstance(data, StoredDataset):
        if (terms.graph, terms.source) != (data.graph.checksum, data.checksum):
            raise ValueError(
                f"the terms in {terms.path} are those of another graph or of other features than "
                f"{data.name!r} has; propagate its features again, into another folder"
            )
        return data.labels, data.classes if classes is None else classes, splits or data.splits()
    if classes is None or splits is None:
        raise ValueError("labels do not say how many classes there are, or which nodes are for "
                         "training; give classes= and splits=, or a StoredDataset")  # fmt: skip
    return np.asarray(data), classes, splits


def with_defaults(settings: Settings, terms: StoredTerms) -> Settings:
    """Settings with a filter in front, of the order of the terms, unless they say so themselves."""
    return {"placement": "before", "order": terms.order, **settings}


def batch_of(
    model: ModelClass,
    terms: StoredTerms,
    labels: np.ndarray,
    splits: Splits,
    classes: int,
    trials: Sequence[Trial],
    metric: str,
    dtype: np.dtype,
) -> Batch:
    """The runs; of the problem there are the shapes alone.

    Raises:
        ValueError: see :func:`fit_stored`.
    """
    if len(labels) != terms.num_nodes:
        raise ValueError(
            f"there are {len(labels):,} labels, but terms of {terms.num_nodes:,} nodes; give those "
            "of the graph that was propagated"
        )
    shape = (terms.order + 1, terms.num_nodes, terms.features)
    given: Any = Propagated(jax.ShapeDtypeStruct(shape, dtype), terms.basis)  # type: ignore[arg-type]
    problem = Problem(given, given, on_device(labels))
    for refused in refusals(model, problem, classes, trials[1:]).values():
        raise refused
    batch = make_batch(model, problem, splits, classes, trials, metric)
    _check_in_front(batch, terms)
    return batch


def _check_in_front(batch: Batch, terms: StoredTerms) -> None:
    """Raises ValueError unless the model filters its features by a series of the right order."""
    state, members = batch.shapes(1)
    made: Any = batch.program.model(state.params, members.settings)
    name = type(made).__name__
    spectral = getattr(made, "filters", [None])[0]
    if getattr(made, "placement", None) != "before" or not hasattr(spectral, "terms"):
        raise ValueError(
            f"{name} has no filter in front of its network that is a series in a basis; take a "
            "spectral model such as longnn, chebnetii or gprgnn, with placement 'before'"
        )
    found = bases_of.eval_shape(batch.program, state.params, members.settings)
    order = found.leaves[1].shape[1]
    if order != terms.order:
        raise ValueError(
            f"the terms are of order {terms.order}, but {name} is of order {order}; give settings "
            f"without order, or propagate the features with a basis of order {order}"
        )
