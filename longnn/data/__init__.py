"""Datasets, the files they come from, and their splits; all on the host, in NumPy."""

from longnn.data import csbm, dataset, download, heterophilous, planetoid, splits, unpickle
from longnn.data.dataset import Dataset, normalize
from longnn.data.download import DataFileError, fetch
from longnn.data.splits import Splits

__all__ = [
    "DataFileError",
    "Dataset",
    "Splits",
    "csbm",
    "dataset",
    "download",
    "fetch",
    "heterophilous",
    "normalize",
    "planetoid",
    "splits",
    "unpickle",
]
