"""Amazon, Coauthor and DBLP graphs in the npz files of EdisonLeeeee/GraphData.

The files repackage those of Shchur et al. 2018 (arXiv 1811.05868; DBLP: Bojchevski and Günnemann
2018, arXiv 1707.03815); their order of nodes has not been checked against the originals.
"""

from longnn.data.archive import read_npz_objects
from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset, as_stored
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.graphs.convert import from_scipy


def load(name: str = "photo", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads one of these graphs; an edge that is stored in one direction counts in both.

    The files ship no split.

    Args:
        name: a dataset of the catalogue with this loader, such as "computers".
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered or cannot be fetched.
    """
    (file,) = entry_of(name, "graphdata.load").files
    arrays = read_npz_objects(fetch(file))
    labels = arrays["node_label"].astype("int64")
    pattern = arrays["adj_matrix"].tocsr()
    pattern.data[:] = 1
    return Dataset(
        name=name,
        graph=from_scipy(pattern),
        features=_normalize(as_stored(arrays["node_attr"]), normalize),
        labels=labels,
        classes=int(labels.max()) + 1,
        metric=metric,
        checksum=checksum([file]),
    )
