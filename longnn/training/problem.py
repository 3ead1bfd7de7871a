"""From a dataset on the host to what training takes on the device."""

import reprlib
from typing import NamedTuple, TypedDict

from flax import nnx
from jax.typing import DTypeLike

from longnn.data.dataset import Dataset, check_labelled
from longnn.data.labels import LESS_IS_BETTER
from longnn.graphs.checks import check_count, check_word
from longnn.graphs.device import on_device
from longnn.graphs.graph import Graph
from longnn.models.features import as_features
from longnn.operators.choice import Backend
from longnn.operators.normalized import normalized_adjacency
from longnn.operators.order import NodeOrder
from longnn.operators.precision import Precision
from longnn.operators.protocol import Operator
from longnn.operators.similar import similar_operator
from longnn.training.builder import ModelClass
from longnn.training.directions import (
    CHARGE,
    GraphOperator,
    check_directed,
    directed_operator,
)
from longnn.training.dtypes import check_dtype
from longnn.training.loop import Problem
from longnn.training.problem_by_rows import spread_problem
from longnn.training.ranges import check_setting
from longnn.training.rows import mesh_over


class Graphs(TypedDict, total=False):
    """The settings of :func:`problem_of`: how an operator is made of a graph."""

    self_loops: float
    degree_exponent: float
    operator: GraphOperator
    charge: float
    backend: Backend
    order: NodeOrder
    precision: Precision
    model: ModelClass | None
    dtype: DTypeLike
    nodes_over: int


def graph_of(dataset: Dataset, self_loops: float = 0.0) -> Graph:
    """The graph that is filtered on: with a loop of this weight at every node, or as it is."""
    return dataset.graph.with_self_loops(self_loops) if self_loops else dataset.graph


def problem_of(
    dataset: Dataset,
    *,
    self_loops: float = 0.0,
    degree_exponent: float = 0.5,
    operator: GraphOperator = "symmetric",
    charge: float = CHARGE,
    backend: Backend = "auto",
    order: NodeOrder = "given",
    precision: Precision = "full",
    model: ModelClass | None = None,
    dtype: DTypeLike = "float32",
    nodes_over: int = 1,
    runs_over: int = 1,
) -> Problem:
    """The operator, features and labels of a dataset.

    Args:
        dataset: N nodes.
        self_loops: the weight of a loop that every node gets, >= 0; 0: none.
        degree_exponent: r of P = D^-r A D^(r-1), in [0, 1]; 1/2 is S (``similar_operator``).
        operator: "symmetric", or of the directed graph "magnetic" (``longnn.operators.
            magnetic_operator``) or "directions" (``directions_operator``), which spectral models
            take with the setting ``directed=True``.
        charge: q of the magnetic operator; a leaf of the operator, so that programs are compiled
            once for all values.
        backend: of the operator and of the features; see ``longnn.operators``.
        order, precision: of the operator; see ``longnn.operators.normalized_adjacency``.
        model: the class that is trained: one that reads the edges (``needs_edges``, as GCN and GAT
            on jraph's layers) gets the backend "segment_sum", and takes no other order or precision
            than the default.
        dtype: of all of these and of the parameters, float32, or float64 where jax is set to
            (``jax.config.update("jax_enable_x64", True)``).
        nodes_over: over how many devices the nodes are spread, >= 1, in parts of few edges between.
        runs_over: over how many groups of so many devices the runs are spread, where nodes are.

    Raises:
        ValueError: for a setting out of its range, or that the model does not take, or more devices
            than there are.
    """
    check_setting("self_loops", self_loops)
    check_setting("degree_exponent", degree_exponent)
    check_setting("charge", charge)
    check_word("operator", operator, GraphOperator)
    check_dtype(dtype, precision)
    graph = graph_of(dataset, self_loops)
    check_count("nodes_over", nodes_over)
    edges = getattr(model, "needs_edges", False)
    if edges and (order, precision) != ("given", "full"):
        raise ValueError(
            f"a model that reads the edges itself takes order 'given' and precision 'full', got "
            f"{order!r} and {precision!r}; leave out graph.order and precision"
        )
    kept: _Kept = {"order": order, "precision": precision, "dtype": dtype}
    if operator != "symmetric":
        check_directed(operator, model, degree_exponent, nodes_over)
        given = dataset, operator, charge, self_loops
        directed = directed_operator(*given, backend=backend, **kept)
        return _problem(directed, dataset, backend, dtype)
    if nodes_over > 1:
        _check_spread(edges)
        mesh = mesh_over(nodes_over, runs_over)
        of = dataset.features, dataset.labels, mesh, degree_exponent
        return spread_problem(graph, *of, backend=backend, **kept)
    chosen: Backend = "segment_sum" if edges else backend
    symmetric = normalized_adjacency(graph, backend=chosen, **kept)
    similar = similar_operator(symmetric, graph, degree_exponent, dtype)
    return _problem(similar, dataset, backend, dtype)


class _Kept(TypedDict):
    """How the nodes and numbers of an operator are kept."""

    order: NodeOrder
    precision: Precision
    dtype: DTypeLike


def _problem(operator: Operator, dataset: Dataset, backend: Backend, dtype: DTypeLike) -> Problem:
    return Problem(
        operator,
        as_features(dataset.features, backend=backend, dtype=dtype),
        on_device(dataset.labels),
    )


def _check_spread(edges: bool) -> None:
    if edges:
        raise ValueError(
            "a model that reads the edges itself has all nodes on one device; leave nodes_over out"
        )


class Asked(NamedTuple):
    """What ``longnn.fit`` was asked for, with every name and default in place."""

    model: ModelClass
    problem: Problem
    classes: int
    metric: str
    title: str
    graph: Graph | None
    settings: Graphs | None  # of the problem; None where one was given


def asked_of(
    model: str | ModelClass,
    data: Dataset | Problem,
    *,
    classes: int | None,
    metric: str | None,
    self_loops: float | None,
    degree_exponent: float | None,
    backend: Backend,
    dtype: DTypeLike | None,
    operator: GraphOperator = "symmetric",
    charge: float = CHARGE,
    nodes_over: int = 1,
    runs_over: int = 1,
) -> Asked:
    """Looks up the model, and takes from the dataset what is not given.

    Args:
        model: the name or the class of a model.
        data: a dataset, or a problem.
        classes, metric, self_loops, degree_exponent, operator, charge, backend, dtype, nodes_over:
            see ``longnn.fit``.
        runs_over: over how many groups of ``nodes_over`` devices the runs are spread.

    Raises:
        ValueError: for an unknown name, or a problem without classes or with settings of the graph.
    """
    made = class_of(model)
    if metric in LESS_IS_BETTER:
        raise ValueError(
            f"metric {metric} cannot select, since less of it is better; stop by it "
            f"(longnn.Optim(stop='val_{metric}')), or ask for it afterwards "
            f"(run.score(metric='{metric}'))"
        )
    name = getattr(made, "__name__", str(made))
    if isinstance(data, Problem):
        of_graph = self_loops, degree_exponent, operator, charge, backend, dtype, nodes_over
        _check_settled(classes, of_graph)
        assert classes is not None
        return Asked(made, data, classes, metric or "accuracy", name, None, None)
    check_labelled(data, " or a longnn.training.Problem")
    loops = getattr(made, "self_loops", 0.0) if self_loops is None else self_loops
    own = getattr(made, "degree_exponent", 0.5)
    settings = Graphs(
        self_loops=loops,
        degree_exponent=own if degree_exponent is None else degree_exponent,
        operator=operator,
        charge=charge,
        backend=backend,
        model=made,
        dtype="float32" if dtype is None else dtype,
    )
    if nodes_over > 1:
        settings["nodes_over"] = nodes_over
    width = data.classes if classes is None else classes
    chosen = data.metric if metric is None else metric
    title = f"{name} on {data.name}"
    groups = runs_over if nodes_over > 1 else 1
    problem = problem_of(data, **settings, runs_over=groups)
    graph = graph_of(data, loops)
    return Asked(made, problem, width, chosen, title, graph, settings)


def class_of(model: str | ModelClass) -> ModelClass:
    """The class of a model that is given by its name, or itself.

    Raises:
        ValueError: for an unknown name, or something that is no class.
    """
    if isinstance(model, nnx.Module) or not (callable(model) or isinstance(model, str)):
        raise ValueError(
            f"model must be a name such as 'longnn' or a class, got {reprlib.repr(model)}; "
            "longnn.models lists the classes, and longnn.models.names.MODELS the names"
        )
    if not isinstance(model, str):
        return model
    from longnn.models.names import by_name

    return by_name(model)


def _check_settled(classes: int | None, given: tuple[object, ...]) -> None:
    """Raises ValueError where something is missing or given that a problem has decided."""
    if classes is None:
        raise ValueError("a Problem does not say how many classes there are; give classes=")
    if given != (None, None, "symmetric", CHARGE, "auto", None, 1):
        raise ValueError(
            "a Problem has its operator already, so that self_loops, degree_exponent, operator, "
            "charge, backend, dtype and nodes_over change nothing; give them to "
            "longnn.training.problem_of, or give a Dataset here"
        )
