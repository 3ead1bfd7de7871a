"""Friendships in US universities, 2005 (Traud et al. 2012, arXiv 1102.2166), one mat file each."""

import numpy as np
import scipy.io
from jaxtyping import Int
from scipy import sparse

from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.data.errors import DataFileError
from longnn.graphs.convert import from_scipy

_GENDER = 1  # columns: status, gender, major, second major, dorm, year, high school


def load(name: str = "cornell5", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads one school; the label is gender, missing for some nodes (-1, in no part of any split).

    Features are a one-hot of every other column over its distinct values, "missing" included
    (Lim et al. 2021, arXiv 2110.14446).

    Args:
        name: a dataset of the catalogue with this loader, such as "johns_hopkins55".
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered, cannot be fetched or holds something else.
    """
    (file,) = entry_of(name, "facebook100.load").files
    content = scipy.io.loadmat(fetch(file))
    if not {"A", "local_info"} <= set(content):
        raise DataFileError(
            f"{file} has no arrays A and local_info, so it is no facebook100 file; check where it "
            "comes from"
        )
    info = content["local_info"].astype(np.int64)  # uint16 as it is: 0 - 1 would wrap
    features = [_one_hot(info[:, c]) for c in range(info.shape[1]) if c != _GENDER]
    return Dataset(
        name=name,
        graph=from_scipy(content["A"]),
        features=_normalize(sparse.csr_array(sparse.hstack(features)), normalize),
        labels=info[:, _GENDER] - 1,
        classes=2,
        metric=metric,
        checksum=checksum([file]),
    )


def _one_hot(values: Int[np.ndarray, " N"]) -> sparse.csr_array:
    """[N] values -> [N, number of distinct values]."""
    distinct, index = np.unique(values, return_inverse=True)
    ones = np.ones(len(values), np.float32)
    return sparse.csr_array((ones, (np.arange(len(values)), index)), (len(values), len(distinct)))
