"""The symmetric scaling S = D^-1/2 A D^-1/2 of an adjacency, on the host."""

import numpy as np
import scipy.sparse

from longnn.graphs.graph import Graph


def shift_matrix(graph: Graph) -> scipy.sparse.csr_array:
    """S = D^-1/2 A D^-1/2 as a scipy matrix [N, N]."""
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    weights = np.ones(len(senders)) if graph.weights is None else np.asarray(graph.weights)
    degree = graph.degrees()
    scale = np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)
    values = weights * scale[senders] * scale[receivers]
    shape = (graph.num_nodes, graph.num_nodes)
    return scipy.sparse.csr_array((values, (receivers, senders)), shape=shape)
