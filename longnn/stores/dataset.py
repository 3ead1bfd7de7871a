"""A dataset on the disk: a graph, features by rows, labels and the split that came with them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Float32, Int8, Int32, Integer, Shaped

from longnn.data.partition import Splits
from longnn.stores.blocks import CheckedArray, StoreError, Writer
from longnn.stores.building import Chunk, build
from longnn.stores.folders import making
from longnn.stores.graph import StoredGraph
from longnn.stores.header import count_of, read_header, write_header

_ARRAYS = {"features": "<f4", "labels": "<i4", "part": "|i1"}


class StoredDataset:
    """A dataset for node classification on the disk, of which only labels and split are read.

    Args:
        path: folder that `dataset_of` or a loader of `longnn.stores` has made.

    Attributes:
        path: the folder.
        name: what reports call it.
        graph: of its N nodes.
        features: F, the number of features of each node.
        classes: C.
        labels: [N] int32 classes in [0, C), -1 where a node has none.
        part: [N] int8, 0 training, 1 validation, 2 test, -1 none.
        checksum: of the whole content.

    Raises:
        StoreError: if the folder holds no finished dataset, or its files are not what it says.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        facts, arrays, self.checksum = read_header(self.path, "dataset")
        self.name = str(facts.get("name", self.path.name))
        self.graph = StoredGraph(self.path / "graph")
        if facts.get("graph") != self.graph.checksum:
            raise StoreError(f"{self.path}: its graph is another than the one it was made with")
        self.features, self.classes = (count_of(facts, name) for name in ("features", "classes"))
        nodes = self.graph.num_nodes
        sizes = {"features": nodes * self.features, "labels": nodes, "part": nodes}
        for name, dtype in _ARRAYS.items():
            if name not in arrays or (arrays[name].dtype, arrays[name].size) != (
                dtype,
                sizes[name],
            ):
                raise StoreError(f"{self.path}: the array {name} does not fit {nodes:,} nodes")
        opened = {n: CheckedArray(self.path / f"{n}.bin", arrays[n]) for n in _ARRAYS}
        self._values = opened["features"]
        self.labels: Int32[np.ndarray, " N"] = opened["labels"].all()
        self.part: Int8[np.ndarray, " N"] = opened["part"].all()
        for what, values, high in (("label", self.labels, self.classes), ("part", self.part, 3)):
            if values.min() < -1 or values.max() >= high:
                raise StoreError(f"{self.path}: a {what} lies outside [-1, {high})")

    def __repr__(self) -> str:
        return (
            f"StoredDataset({self.name!r}, N={self.graph.num_nodes:,}, "
            f"entries={self.graph.entries:,}, F={self.features}, C={self.classes})"
        )

    def rows(self, start: int, stop: int) -> Float32[np.ndarray, "n F"]:
        """Features of the nodes from ``start`` on, below ``stop``.

        Raises:
            StoreError: if a block of them is damaged.
        """
        width = self.features
        return self._values.read(start * width, stop * width).reshape(-1, width)

    def take(self, nodes: Integer[np.ndarray, " n"]) -> Float32[np.ndarray, "n F"]:
        """Features of nodes in any order, of which no others are read; ascending ones fastest.

        Raises:
            IndexError: if a node lies outside [0, N).
            StoreError: if a block of them is damaged.
        """
        if len(nodes) and not (nodes.min() >= 0 and nodes.max() < self.graph.num_nodes):
            raise IndexError(f"nodes must lie in [0, {self.graph.num_nodes}), got {nodes.max()}")
        return self._values.rows_at(nodes, self.features)

    def splits(self) -> Splits:
        """The split that came with the dataset, as one of protocol "fixed"."""
        return Splits("fixed", np.array(self.part)[None])

    def forget(self) -> None:
        """Gives the memory of what was read of features and graph back to the system."""
        self._values.forget()
        self.graph.forget()


class Made:
    """Takes the parts of a dataset as they come and writes them; a context.

    Args:
        folder: an empty folder.
        name: what reports call the dataset.
    """

    def __init__(self, folder: Path, name: str):
        self._folder, self._name = folder, name
        self._features = Writer(folder / "features.bin", _ARRAYS["features"])
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._features.__exit__()

    def graph(self, edges: Iterable[Chunk], num_nodes: int, **options: object) -> None:
        """Builds the graph; arguments are those of `longnn.stores.build`."""
        self._graph = build(self._folder / "graph", edges, num_nodes, **options)  # type: ignore[arg-type]

    def rows(self, values: Shaped[np.ndarray, "n F"]) -> None:
        """Appends features of the next nodes.

        Raises:
            ValueError: if a value is not finite, or rows have another length than before.
        """
        rounded = np.asarray(values, np.float32)
        if rounded.ndim != 2 or not np.isfinite(rounded).all():
            raise ValueError("features must be rows of finite numbers in the range of float32")
        self._width = self._width or rounded.shape[1]
        if rounded.shape[1] != self._width:
            raise ValueError(f"a row has {rounded.shape[1]} features, those before {self._width}")
        self._features.add(rounded.reshape(-1))

    def end(
        self, labels: Shaped[np.ndarray, " N"], classes: int, part: Shaped[np.ndarray, " N"]
    ) -> None:
        """Writes labels, split and the header.

        Raises:
            ValueError: unless there is a row of features, a label and a part for each node.
        """
        nodes, layout = self._graph.num_nodes, self._features.close()
        rows = layout.size // max(self._width, 1)
        if {rows, len(labels), len(part)} != {nodes}:
            raise ValueError(
                f"a dataset of {nodes} nodes needs as many rows of features, labels and parts, "
                f"got {rows}, {len(labels)} and {len(part)}"
            )
        arrays = {"features": layout}
        for name, values in (("labels", labels), ("part", part)):
            with Writer(self._folder / f"{name}.bin", _ARRAYS[name]) as writer:
                writer.add(values)
                arrays[name] = writer.close()
        facts = {
            "name": self._name,
            "features": self._width,
            "classes": classes,
            "graph": self._graph.checksum,
        }
        write_header(self._folder, "dataset", facts, arrays)


def dataset_of(
    path: str | Path,
    edges: Iterable[Chunk],
    features: Iterable[Shaped[np.ndarray, "n F"]],
    labels: Shaped[np.ndarray, " N"],
    part: Shaped[np.ndarray, " N"],
    *,
    name: str = "stored",
    **options: Any,
) -> StoredDataset:
    """Writes a dataset of your own to the disk.

    Args:
        path: folder to make.
        edges: as for `longnn.stores.build`.
        features: rows [n, F] of the nodes in their order, in any pieces.
        labels: [N] classes in [0, C), -1 for none.
        part: [N] 0 training, 1 validation, 2 test, -1 none.
        name: what reports call it.
        options: of `longnn.stores.build`, such as ``memory_gb``.

    Returns:
        The dataset, opened.

    Raises:
        StoreError: if the folder exists or the disk is full.
        ValueError: as for `longnn.stores.build`, or if rows, labels and parts do not fit the nodes.
    """
    with making(Path(path).expanduser()) as folder, Made(folder, name) as made:
        made.graph(edges, len(labels), **options)
        for rows in features:
            made.rows(rows)
        made.end(labels, int(np.max(labels, initial=-1)) + 1, part)
    return StoredDataset(path)
