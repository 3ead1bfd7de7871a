"""The 50 grey images on a 100 x 100 grid that filters are fitted on (He et al. 2021,
arXiv 2106.10994, section 4; the file of the LON-GNN authors)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from longnn.data.archive import reading
from longnn.data.contents import mask, numbers
from longnn.data.download import checksum, fetch
from longnn.data.lattices import grid_edges
from longnn.data.mat import read_mat
from longnn.graphs.graph import Graph

FILE = "image-filters/2Dgrid.mat"
SIDE = 100


@dataclass(frozen=True, eq=False)
class Images:
    """Images as signals on a grid.

    Attributes:
        graph: the 4-neighbour grid, N = 10,000 nodes.
        signals: [N, 50] values in [0, 1], one image in each column.
        mask: [N] true for the pixels that count (the inner 96 x 96).
        checksum: sha256 of the file.
    """

    graph: Graph
    signals: Float64[np.ndarray, "N 50"]
    mask: Bool[np.ndarray, " N"]
    checksum: str


def load() -> Images:
    """Reads the images; the grid is built anew, since the file's own is dense and takes 100 MB.

    Raises:
        DataFileError: if the file is missing, altered, cannot be fetched or holds something else.
    """
    path = fetch(FILE)
    content = read_mat(path, ("F", "mask"))
    with reading(path, "file of grid images"):
        signals = numbers(content["F"], "F", 2).astype(np.float64)
        if signals.shape != (SIDE * SIDE, 50) or signals.min() < 0 or signals.max() > 1:
            raise ValueError(
                f"F has shape {signals.shape}, expected [10000, 50] with values in [0, 1]"
            )
        inner = mask(np.transpose(content["mask"]), "mask", 2, SIDE * SIDE)[0]
    graph = Graph.from_edges(grid_edges(SIDE, SIDE), SIDE * SIDE)
    return Images(graph, signals, inner, checksum([FILE]))
