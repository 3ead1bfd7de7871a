"""Datasets, the files they come from, and their splits; all on the host, in NumPy.

One file per file format (planetoid, heterophilous, graphdata, musae, facebook100, ogb, images),
one per kind of generated graph (csbm, lattices, blocks, clouds), and npz and edgelist for graphs
of your own.
"""

from typing import TYPE_CHECKING, Any

from longnn.lazy import attribute

if TYPE_CHECKING:
    from longnn.data.dataset import Dataset, normalize
    from longnn.data.download import DataFileError, DataFileWarning, fetch
    from longnn.data.splits import Splits

__all__ = ["DataFileError", "DataFileWarning", "Dataset", "Splits", "fetch", "normalize"]

_HOMES = {
    "DataFileError": "download",
    "DataFileWarning": "download",
    "Dataset": "dataset",
    "Splits": "splits",
    "fetch": "download",
    "normalize": "dataset",
}


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)
