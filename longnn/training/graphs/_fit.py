"""Trains a model on the graphs of a dataset, in batches of whole graphs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax.typing import DTypeLike

from longnn.data.many.collection import GraphDataset, check_graphs
from longnn.data.many.splits import GraphSplits
from longnn.data.partition import UNUSED
from longnn.data.splits import Splits
from longnn.graphs.checks import check_count
from longnn.graphs.device import on_device
from longnn.models.matrices import DenseFeatures
from longnn.models.reach import hops_of
from longnn.models.readout import Pooled, Readout, WithReadout
from longnn.operators.choice import Backend
from longnn.training._fit import trials_of
from longnn.training.batch import Batch, make_batch
from longnn.training.builder import ModelClass, Settings
from longnn.training.drive import Progress
from longnn.training.dtypes import check_dtype
from longnn.training.graphs.drive import train, work_of
from longnn.training.graphs.result import GraphFit, Taken
from longnn.training.graphs.stored import Stored, stored_of
from longnn.training.joining import check_started, joined
from longnn.training.optim import Optim, OptimLike
from longnn.training.problem import class_of
from longnn.training.program import Problem
from longnn.training.ranges import check_setting
from longnn.training.refused import refusals
from longnn.training.seeds import seeds_of


def fit_graphs(
    model: str | ModelClass,
    data: GraphDataset,
    splits: GraphSplits,
    *,
    batch_graphs: int = 16,
    readout: Readout | None = None,
    seeds: int | Sequence[int] = 1,
    optim: OptimLike | Sequence[Optim] | None = None,
    settings: Settings | Sequence[Settings] | None = None,
    metric: str | None = None,
    self_loops: float | None = None,
    backend: Backend = "auto",
    dtype: DTypeLike = "float32",
    order_seed: int = 0,
    chunk: int = 5,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> GraphFit:
    """Trains every (trial, seed) of each split on batches of whole graphs.

    An epoch takes each training graph once, in batches of an order that is drawn on the device and
    depends on (order_seed, split, epoch) alone, and updates the parameters after each batch by the
    mean loss over its labelled nodes (or graphs). Then the validation graphs are evaluated; scores
    pool their nodes. Rates, averaged weights, patience and selection are those of ``longnn.fit``;
    momenta go on at every batch. All seeds and trials of a split are trained together, on the same
    batches; splits are trained one after the other, by one compiled program.

    Graphs of a batch do not see each other: models that look at all nodes at once, by a norm or an
    orthogonalised basis, are refused.

    Args:
        model: a name of ``longnn.models`` or a class, as in ``longnn.fit``.
        data: G graphs, with labels of nodes or of graphs.
        splits: S splits of the graphs (``longnn.data.many.splits``).
        batch_graphs: graphs of a batch, >= 1; the last one of an epoch may hold fewer.
        readout: for labels of graphs "sum", "mean", "max" or "attention"
            (:class:`longnn.models.readout.Pooled`), behind a model with ``hidden`` outputs; None
            for labels of nodes.
        seeds, optim, settings: as in ``longnn.fit``.
        metric: one of ``longnn.training.METRICS``, for selection and scores; None: that of the
            dataset.
        self_loops: the weight of a loop that every node gets; None: what the model's authors take.
        backend: of the operator: "native", "csr" or "segment_sum"; see ``longnn.operators``.
        dtype: of operators, features and parameters, float32 or float64.
        order_seed: of the order of the training graphs.
        chunk: the most epochs between two looks at the host, >= 1.
        on_progress: called after each chunk.

    Raises:
        ValueError: if an argument is of another kind, sizes do not fit, a readout is missing or
            there without need, the model looks at all nodes at once or averages over neighbours
            (SAGE), or see ``longnn.fit``.
        FloatingPointError: if the loss of a run is not finite from its first epoch.

    Example:
        >>> import longnn
        >>> data = longnn.data.many.families.csbm(graphs=20, smallest=20, largest=30)
        >>> splits = longnn.data.many.splits.random(data, count=1)
        >>> few = longnn.Optim(max_epochs=3)
        >>> run = longnn.fit_graphs("longnn", data, splits, batch_graphs=4, seeds=2, optim=few)
        >>> run.score("val").n, run.predict(data, [3, 5]).probabilities.shape
        (2, (42, 2))
    """
    check_graphs(data)
    check_setting("chunk", chunk)
    check_setting("order_seed", order_seed)
    check_count("batch_graphs", batch_graphs)
    check_dtype(dtype)
    _check_splits(splits, data)
    made = _at_level(class_of(model), data, readout)
    numbers = seeds_of(seeds)
    trials = [trial._replace(seeds=numbers) for trial in trials_of(optim, settings)]
    plain = made.model if isinstance(made, WithReadout) else made
    loops = getattr(plain, "self_loops", 0.0) if self_loops is None else self_loops
    _check_scaled(plain)
    backend = "segment_sum" if getattr(plain, "needs_edges", False) else backend
    check_setting("self_loops", loops)
    of = stored_of(data, self_loops=loops, backend=backend, dtype=dtype)
    problem = _shapes(of, data)
    for refused in refusals(made, problem, data.classes, trials[1:]).values():
        raise refused
    inner, chosen = _inner(splits, data), data.metric if metric is None else metric
    batch = make_batch(made, problem, inner, data.classes, trials, chosen, 1)
    _check_apart(batch)
    started = time.perf_counter()
    work = work_of(_without_masks(batch), of, splits, batch_graphs, order_seed, chunk)
    found = joined(batch, list(train(work, on_progress)), 0.0)
    found.seconds["train"] = time.perf_counter() - started
    check_started(found)
    name = getattr(made, "__name__", str(made))
    taken = Taken(
        of.features.shape[1], data.nodes.preparation, loops, backend, dtype, batch_graphs
    )  # fmt: skip
    return GraphFit(
        **vars(replace(found, title=f"{name} on {data.name}")),
        sizes=data.sizes,
        level=data.level,
        graph_splits=splits,
        taken=taken,
        classes=data.class_names,
    )


def _check_splits(splits: object, data: GraphDataset) -> None:
    if not isinstance(splits, Splits):
        raise ValueError(
            f"splits must be those of longnn.data.many.splits, got {type(splits).__name__}; for "
            "instance longnn.data.many.splits.random(data)"
        )
    if splits.part.shape[1] != len(data):
        raise ValueError(
            f"splits are of {splits.part.shape[1]} {splits.unit}s, but {data.name!r} has "
            f"{len(data)} graphs; use longnn.data.many.splits, which splits whole graphs"
        )


def _at_level(model: ModelClass, data: GraphDataset, readout: Readout | None) -> ModelClass:
    """The class for nodes or graphs, as the data has labels."""
    if data.level == "graph":
        if readout is None:
            raise ValueError(
                f"{data.name!r} has one label a graph, so that a model needs a readout over its "
                "nodes; give readout='mean', 'sum', 'max' or 'attention'"
            )
        return WithReadout(model, readout)
    if readout is not None:
        raise ValueError(
            f"{data.name!r} has labels of its nodes, which need no readout; leave readout out"
        )
    return model


def _check_scaled(model: ModelClass) -> None:
    """Raises ValueError for a model that takes another operator than S."""
    wanted = getattr(model, "degree_exponent", 0.5)
    if wanted != 0.5:
        raise ValueError(
            f"{getattr(model, '__name__', model)} is meant for degree_exponent={wanted}, but the "
            "operator of batches of graphs is the symmetric S; take another model, such as gcn"
        )


def _shapes(of: Stored, data: GraphDataset) -> Problem:
    """All nodes or graphs as one problem, of which nothing is computed."""
    matrix = jax.ShapeDtypeStruct((len(data.labels), of.features.shape[1]), of.features.dtype)
    given: Any = DenseFeatures(matrix, matrix.shape)  # type: ignore[arg-type]
    return Problem(given, given, on_device(data.labels))


def _inner(splits: Splits, data: GraphDataset) -> Splits:
    """The splits of all nodes where these have labels; of the graphs else."""
    if data.level == "graph":
        return Splits(splits.protocol, np.where(data.labelled, splits.part, UNUSED))
    part = np.repeat(splits.part, data.sizes, axis=1)
    return Splits(splits.protocol, np.where(data.nodes.labelled, part, UNUSED))


def _check_apart(batch: Batch) -> None:
    """Raises ValueError for a model that looks at all nodes at once."""
    _, params, rest = batch.builder.shapes({k: v[0] for k, v in batch.values.items()})
    found: list[tuple[str, int | None]] = []

    def look(params: nnx.State, rest: nnx.State) -> None:
        made: Any = batch.program.model(params, rest)
        body = made.body if isinstance(made, Pooled) else made
        found.append((type(body).__name__, hops_of(body)))

    jax.eval_shape(look, params, rest)
    name, hops = found[0]
    if hops is None:
        raise ValueError(
            f"{name} with these settings looks at all nodes at once, or does not "
            "say how far it looks (hops), so that the graphs of a batch would see each other; "
            "leave norm='batch' and 'graph' out, or take a filter in a fixed or learned basis"
        )


def _without_masks(batch: Batch) -> Batch:
    """The runs without the masks of their nodes, which batches of graphs have of their own."""
    none: Any = np.zeros((len(batch.runs), 1), bool)
    return replace(batch, members=batch.members._replace(train=none, val=none))
