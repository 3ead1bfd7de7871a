"""A dataset of graphs from a list of PyTorch Geometric's ``Data``, by their attributes alone."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Shaped

from longnn.data.errors import about
from longnn.data.known import names_of
from longnn.data.many.collection import GraphDataset
from longnn.data.many.own import own_graphs
from longnn.data.own import Options, options_of
from longnn.data.pyg import MASKS, REQUIRED, array_of, check_unread, names_in
from longnn.graphs.checks import check_word

LabelsOf = Literal["nodes", "graphs"]


def from_pyg_list(
    graphs: Sequence[object], name: str = "pyg", labels_of: LabelsOf = "nodes", **options: object
) -> GraphDataset:
    """Makes a dataset of a list of ``torch_geometric.data.Data``; torch is not imported.

    Args:
        graphs: objects with edge_index [2, E], x [N, F], and optionally edge_weight [E]; and with
            y [N] of the nodes or [1] of the graph, in all of them or in none.
        name: what reports call the dataset.
        labels_of: what y holds the labels of, "nodes" or "graphs".
        options: fields of `longnn.data.own.Options`; ``ignore`` are names of attributes, such as
            "edge_attr" or a mask of nodes, which are an error otherwise: whole graphs are split.

    Raises:
        ValueError: if an attribute is missing, of wrong shape or type, or is one that nothing
            reads; the message says of which graph.
        TypeError: if an option is unknown.
    """
    rules = options_of(options)
    check_word("labels_of", labels_of, LabelsOf)
    ignore = names_of(rules.ignore)
    arrays = [_arrays(data, number, ignore) for number, data in enumerate(graphs)]
    for key in ("y", "edge_weight"):
        lacking = [number for number, one in enumerate(arrays) if key not in one]
        if 0 < len(lacking) < len(arrays):
            raise ValueError(
                f"graph {lacking[0]} of {name} has no {key}, but others have one; give it to all "
                "of them or to none"
            )
    y = [one["y"] for one in arrays] if arrays and "y" in arrays[0] else None
    weighted = bool(arrays) and "edge_weight" in arrays[0]
    settled = Options(**{**vars(rules), "ignore": ()})
    return own_graphs(
        name,
        [one["edge_index"].T for one in arrays],
        [one["x"] for one in arrays],
        y if labels_of == "nodes" else None,
        graph_labels=_of_graphs(y, name) if y is not None and labels_of == "graphs" else None,
        weights=[one["edge_weight"] for one in arrays] if weighted else None,
        options=settled,
    )


def _arrays(
    data: object, number: int, ignore: tuple[str, ...]
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """The arrays of one graph."""
    with about(f"graph {number}"):
        given = {key: getattr(data, key) for key in names_in(data) if key not in ignore}
        given = {key: value for key, value in given.items() if value is not None}
        for key in REQUIRED:
            if key not in given:
                raise ValueError(f"the Data has no {key}; it needs edge_index and x")
        check_unread(given)
        masks = [key for key in MASKS if key in given]
        if masks:
            raise ValueError(
                f"the Data has {masks[0]} of its nodes, but whole graphs are split; leave it out "
                f"by ignore={masks}"
            )
        read = {key: array_of(key, given[key]) for key in (*REQUIRED, "y", "edge_weight") if
                key in given}  # fmt: skip
        edges = read["edge_index"]
        if edges.ndim != 2 or len(edges) != 2:
            raise ValueError(
                f"edge_index has shape {edges.shape}, expected [2, E]; transpose [E, 2]"
            )
        return read


def _of_graphs(y: Sequence[Shaped[np.ndarray, "..."]], name: str) -> Shaped[np.ndarray, " G ..."]:
    """One label, or one row of labels, for each graph."""
    rows = [np.asarray(one) for one in y]
    rows = [one.reshape(1) if one.ndim == 0 else one for one in rows]
    for number, one in enumerate(rows):
        if len(one) != 1 or one.shape != rows[0].shape:
            raise ValueError(
                f"y of graph {number} of {name} has shape {one.shape}, expected [1], one label of "
                "the graph; labels_of='nodes' takes one a node"
            )
    return np.concatenate(rows)
