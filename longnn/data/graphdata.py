"""Amazon, Coauthor and DBLP graphs in the npz files of EdisonLeeeee/GraphData.

The files repackage those of Shchur et al. 2018 (arXiv 1811.05868; DBLP: Bojchevski and Günnemann
2018, arXiv 1707.03815); their order of nodes is not checked against the originals.
"""

from longnn.data.archive import read_npz
from longnn.data.dataset import Dataset, as_stored
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.data.registry import unknown
from longnn.graphs.convert import from_scipy

FILES = {
    "photo": "amazon_photo",
    "computers": "amazon_cs",
    "coauthor_cs": "coauthor_cs",
    "coauthor_physics": "coauthor_phy",
    "dblp": "dblp",
}


def load(name: str = "photo", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """One of `FILES`; edges that are stored in one direction count in both. No split is shipped.

    Args:
        name: one of `FILES`.
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered or cannot be fetched.
    """
    if name not in FILES:
        raise unknown("graphdata dataset", name, list(FILES))
    file = f"graphdata/{FILES[name]}.npz"
    arrays = read_npz(fetch(file), objects=True)
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
