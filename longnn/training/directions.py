"""Operators of directed graphs for training: which there are, and what they ask of a model."""

from collections.abc import Sequence
from typing import Literal

from jax.typing import ArrayLike, DTypeLike

from longnn.data.dataset import Dataset
from longnn.graphs.digraph import Digraph
from longnn.operators.choice import Backend
from longnn.operators.magnetic import MagneticOperator, magnetic_operator
from longnn.operators.order import NodeOrder
from longnn.operators.paired import DirectionsOperator, Paired, directions_operator
from longnn.operators.precision import Precision
from longnn.training.builder import ModelClass, Trial
from longnn.training.program import Problem

GraphOperator = Literal["symmetric", "magnetic", "directions"]
"""S of the undirected graph; or of the directed one, by phases or by both directions."""

CHARGE = 0.25
"""The charge of a magnetic operator unless another is given: a right angle for one-way edges."""


def directed_operator(
    dataset: Dataset,
    kind: GraphOperator,
    charge: ArrayLike,
    self_loops: float,
    *,
    order: NodeOrder,
    backend: Backend,
    precision: Precision,
    dtype: DTypeLike,
) -> MagneticOperator | DirectionsOperator:
    """The operator of a dataset's directed graph.

    Args:
        dataset: N nodes.
        kind: "magnetic" or "directions".
        charge: q of a magnetic operator.
        self_loops: the weight of a loop that every node gets; 0: none.
        order, backend, precision, dtype: see ``longnn.training.problem_of``.

    Raises:
        ValueError: if the dataset keeps no directions, or a magnetic operator is asked for another
            order of its nodes.
    """
    digraph = _digraph_of(dataset, kind)
    digraph = digraph.with_self_loops(self_loops) if self_loops else digraph
    if kind == "directions":
        return directions_operator(
            digraph, backend=backend, order=order, precision=precision, dtype=dtype
        )
    if order != "given":
        raise ValueError(
            f"operator 'magnetic' keeps the nodes as they are given, got order {order!r}; leave "
            "graph.order out"
        )
    return magnetic_operator(digraph, charge, backend=backend, precision=precision, dtype=dtype)


def _digraph_of(dataset: Dataset, kind: GraphOperator) -> Digraph:
    if dataset.digraph is None:
        raise ValueError(
            f"operator {kind!r} needs the directions of edges, and none are kept of those of "
            f"{dataset.name!r}; take operator 'symmetric', a dataset that is stored directed (see "
            "docs/data.md), or give your own as Dataset(digraph=longnn.graphs.Digraph.from_edges"
            "(edges, num_nodes), ...)"
        )
    return dataset.digraph


def check_directed(
    kind: GraphOperator, model: ModelClass | None, degree_exponent: float, nodes_over: int
) -> None:
    """Raises a ValueError if a setting does not go with an operator of a directed graph.

    Args:
        kind: "magnetic" or "directions".
        model: the class that is trained, where it is known.
        degree_exponent, nodes_over: see ``longnn.training.problem_of``.
    """
    if model is not None and not getattr(model, "takes_directions", False):
        name = getattr(model, "__name__", str(model))
        raise ValueError(
            f"operator {kind!r} is for spectral models, whose filters take two signals of each "
            f"node, and {name} is none; take operator 'symmetric', or a model such as longnn"
        )
    if degree_exponent != 0.5:
        raise ValueError(
            f"operator {kind!r} is scaled symmetrically, got degree_exponent={degree_exponent}; "
            "leave it at 0.5"
        )
    if nodes_over > 1:
        raise ValueError(
            f"operator {kind!r} has all nodes on one device, got nodes_over={nodes_over}; leave it "
            "out, or take operator 'symmetric'"
        )


def with_directions(trials: Sequence[Trial], problem: Problem) -> list[Trial]:
    """The trials, with the setting ``directed=True`` of their model where the operator asks for it.

    Args:
        trials: as they were given.
        problem: what they are trained on.
    """
    more = {"directed": True} if isinstance(problem.operator, Paired) else {}
    return [trial._replace(settings={**more, **trial.settings}) for trial in trials]
