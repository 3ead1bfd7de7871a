"""The 50 grey images on a 100 x 100 grid that filters are fitted on (He et al. 2021,
arXiv 2106.10994, section 4; the file of the LON-GNN authors)."""

from dataclasses import dataclass

import numpy as np
import scipy.io
from jaxtyping import Bool, Float64

from longnn.data.download import checksum, fetch
from longnn.data.errors import DataFileError
from longnn.data.lattices import grid_edges
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
    content = scipy.io.loadmat(path, variable_names=("F", "mask"))
    if not {"F", "mask"} <= set(content):
        raise DataFileError(
            f"{path} has no arrays F and mask, so it is no file of grid "
            "images; check where it comes from"
        )
    graph = Graph.from_edges(grid_edges(SIDE, SIDE), SIDE * SIDE)
    return Images(graph, content["F"], content["mask"][:, 0].astype(bool), checksum([FILE]))
