"""The directions of a user's own edges."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Shaped

from longnn.graphs.digraph import Digraph
from longnn.graphs.merge import Duplicates, SelfLoops
from longnn.graphs.numbers import real_array


def digraph_from(
    name: str,
    edges: object,
    num_nodes: int,
    weights: Shaped[np.ndarray, "..."] | Sequence[object] | None,
    *,
    duplicates: Duplicates,
    self_loops: SelfLoops,
) -> Digraph:
    """The directed graph of edges of which an undirected one was made, so that they are checked.

    Args:
        name: what errors call the graph.
        edges: [E, 2] integers in [0, N), (from, to), or a sparse matrix [N, N] of scipy with its
            own weights, whose rows are where edges begin.
        num_nodes: N.
        weights: [E] positive numbers; None for an unweighted graph.
        duplicates, self_loops: the rules of `longnn.graphs.merge.directed`.

    Raises:
        ValueError: if edges are given as something else.
    """
    given = None if weights is None else real_array(f"weights of {name}", weights)
    if sparse.issparse(edges):
        entries = sparse.coo_array(edges)
        entries.eliminate_zeros()
        edges, given = np.stack(entries.coords, axis=1), entries.data
    if not isinstance(edges, np.ndarray | list | tuple):
        raise ValueError(
            f"{name} has a {type(edges).__name__} for edges, of which no directions can be kept; "
            "give edges [E, 2] or a sparse matrix, or leave directed out"
        )
    return Digraph.from_edges(
        np.asanyarray(edges), num_nodes, given, duplicates=duplicates, self_loops=self_loops
    )
