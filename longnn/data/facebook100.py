"""Friendships in US universities, 2005 (Traud et al. 2012, arXiv 1102.2166), one mat file each."""

import numpy as np
from jaxtyping import Int
from scipy import sparse

from longnn.data.archive import reading
from longnn.data.catalogue import entry_of
from longnn.data.contents import whole
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch
from longnn.data.mat import read_mat
from longnn.graphs.convert import from_scipy

_GENDER = 1  # columns: status, gender, major, second major, dorm, year, high school


def load(name: str = "cornell5", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads one school; the label is gender, missing for some nodes (-1, in no part of any split).

    Features are a one-hot of every other column over its distinct values, "missing" included
    (Lim et al. 2021, arXiv 2110.14446).

    Args:
        name: a dataset of the catalogue with this loader, such as "johns_hopkins55".
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered, cannot be fetched or holds something else.
    """
    (file,) = entry_of(name, "facebook100.load").files
    path = fetch(file)
    content = read_mat(path, ("A", "local_info"))
    with reading(path, "facebook100 file"):
        info = whole(content["local_info"], "local_info", 2, 0, 2**31)
        if info.shape[1] != 7 or info[:, _GENDER].max() > 2:
            raise ValueError("local_info has other columns than seven, with a gender of 0, 1 or 2")
        friends = content["A"]
        if friends.shape != (len(info), len(info)) or not sparse.issparse(friends):
            raise ValueError(f"A is no sparse matrix of {len(info)} rows and columns")
        graph = from_scipy(friends)
    features = [_one_hot(info[:, c]) for c in range(info.shape[1]) if c != _GENDER]
    return Dataset(
        name=name,
        graph=graph,
        features=sparse.csr_array(sparse.hstack(features)),
        labels=info[:, _GENDER] - 1,
        classes=2,
        metric=metric,
        checksum=checksum([file]),
    ).prepared(normalize)


def _one_hot(values: Int[np.ndarray, " N"]) -> sparse.csr_array:
    """[N] values -> [N, number of distinct values]."""
    distinct, index = np.unique(values, return_inverse=True)
    ones = np.ones(len(values), np.float32)
    return sparse.csr_array((ones, (np.arange(len(values)), index)), (len(values), len(distinct)))
