"""Which datasets of graphs ``longnn data show`` knows: files, folders, and generated families."""

import inspect
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from longnn.data.errors import unknown
from longnn.data.many import families, npz, tu
from longnn.data.many.collection import GraphDataset

FAMILIES: Mapping[str, Callable[..., GraphDataset]] = {
    "csbm_graphs": families.csbm,
    "sbm_graphs": families.sbm,
}
"""The name of each generated family -> what draws it."""


def holds_graphs(name: str) -> bool:
    """Whether a name is that of a family, of an npz file of many graphs, or of a TU folder."""
    path = Path(name).expanduser()
    if name in FAMILIES:
        return True
    if path.suffix == ".npz" and path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return "graph.npy" in archive.namelist()
    return path.is_dir() and any(path.glob("*_graph_indicator.txt"))


def load_shown(name: str, overrides: list[str]) -> GraphDataset:
    """The dataset of a name for which `holds_graphs` is true.

    Args:
        name: of a family, a file or a folder.
        overrides: KEY=VALUE, arguments of what draws or loads it; numbers, or words.

    Raises:
        ValueError: for an argument that it does not have, or see the loaders.
        DataFileError: if a file is damaged.
    """
    words = dict(_pair(override) for override in overrides)
    path = Path(name).expanduser()
    if name not in FAMILIES:
        return (tu if path.is_dir() else npz).load(path, **words)
    make = FAMILIES[name]
    known = [key for key in inspect.signature(make).parameters if key != "name"]
    for key in words:
        if key not in known:
            raise unknown(f"setting of dataset {name!r}:", key, known)
    return make(**words)


def _pair(override: str) -> tuple[str, object]:
    key, equals, text = override.partition("=")
    if not equals or not text:
        raise ValueError(f"expected KEY=VALUE such as graphs=50, got {override!r}")
    for read in (int, float):
        try:
            return key.removeprefix("dataset."), read(text)
        except ValueError:
            continue
    return key.removeprefix("dataset."), text
