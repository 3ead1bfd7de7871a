"""The 50 grey images on a 100 x 100 grid that filters are fitted on (He et al. 2021,
arXiv 2106.10994, section 4; the file of the LON-GNN authors)."""

from dataclasses import dataclass

import numpy as np
import scipy.io

from longnn.data.download import DataFileError, checksum, fetch
from longnn.data.lattices import grid_edges
from longnn.graphs.graph import Graph

FILE = "image-filters/2Dgrid.mat"
SIDE = 100


@dataclass(frozen=True, eq=False)
class Images:
    """Signals on a grid.

    Attributes:
        graph: the 4-neighbour grid, N = 10,000 nodes.
        signals: [N, 50] float64 in [0, 1], one image a column.
        mask: [N] bool, the pixels that count (the inner 96 x 96).
        checksum: sha256 of the file.
    """

    graph: Graph
    signals: np.ndarray
    mask: np.ndarray
    checksum: str


def load() -> Images:
    """Reads the images; the grid is built, since the file's own is dense and takes 100 MB.

    Raises:
        DataFileError: if the file is missing, altered, cannot be fetched or holds something else.
    """
    path = fetch(FILE)
    content = scipy.io.loadmat(path, variable_names=("F", "mask"))
    if not {"F", "mask"} <= set(content):
        raise DataFileError(f"{path} has no F and mask; it is not the file of grid images")
    graph = Graph.from_edges(grid_edges(SIDE, SIDE), SIDE * SIDE)
    return Images(graph, content["F"], content["mask"][:, 0].astype(bool), checksum([FILE]))
