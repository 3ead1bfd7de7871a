"""Amazon, Coauthor and DBLP graphs in the npz files of EdisonLeeeee/GraphData.

The files repackage those of Shchur et al. 2018 (arXiv 1811.05868; DBLP: Bojchevski and Günnemann
2018, arXiv 1707.03815); their order of nodes has not been checked against the originals.
"""

import numpy as np
from scipy import sparse

from longnn.data.archive import read_npz_objects, reading
from longnn.data.catalogue import entry_of
from longnn.data.contents import classes, features, one_of
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch, need_trust
from longnn.data.preparation import as_stored
from longnn.graphs.convert import from_scipy
from longnn.graphs.digraph import Digraph

_ARRAYS = ("adj_matrix", "node_attr", "node_label")


def load(
    name: str = "photo", metric: str = "accuracy", normalize: str = "row", trust: bool = False
) -> Dataset:
    """Loads one of these graphs; an edge that is stored in one direction counts in both.

    Where some edges go one way only, the directions are kept besides (``digraph``).

    The files ship no split. They hold pickled objects, which a restricted unpickler reads.

    Args:
        name: a dataset of the catalogue with this loader, such as "computers".
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.
        trust: whether to read a file whose checksum is not known; without need for the others.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered, cannot be fetched or holds something else,
            or if no checksum of it is known and ``trust`` is false.
    """
    (file,) = entry_of(name, "graphdata.load").files
    need_trust(file, trust)
    path = fetch(file)
    arrays = read_npz_objects(path, _ARRAYS)
    with reading(path, "graphdata file") as budget:
        labels, count = classes(one_of(arrays, "node_label"), "node_label")
        values = features(one_of(arrays, "node_attr"), "node_attr", len(labels), budget)
        matrix = one_of(arrays, "adj_matrix")
        if not isinstance(matrix, sparse.csr_array) or matrix.shape != (len(labels),) * 2:
            raise ValueError(f"adj_matrix is no sparse matrix of {len(labels)} rows and columns")
        ones = np.ones(matrix.nnz, np.float32)
        pattern = sparse.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
        pattern.sum_duplicates()
        pattern.data[:] = 1
        graph = from_scipy(pattern)
        digraph = Digraph.from_edges(np.stack(pattern.nonzero(), axis=1), len(labels))
    return Dataset(
        name=name,
        graph=graph,
        features=as_stored(values),
        labels=labels,
        classes=count,
        metric=metric,
        checksum=checksum([file]),
        digraph=None if digraph.mutual else digraph,
    ).prepared(normalize)
