"""Propagated features p_k(S) X on the disk, for k = 0 to K in one fixed basis."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from longnn.stores.blocks import Layout, StoreError
from longnn.stores.header import count_of, read_header
from longnn.stores.packing import Tiles
from longnn.stores.rounding import BITS
from longnn.stores.term_files import PackedTerm, PlainTerm, TermFile
from polybases import Recurrence

COEFFICIENTS = ("first", "diagonal", "upper", "lower")


class StoredTerms:
    """p_k(S) X for k = 0 to K, of which rows are read as they are asked for.

    Args:
        path: folder that `longnn.stores.propagate` or `longnn.stores.compress` has made.

    Attributes:
        path: the folder.
        num_nodes: N.
        order: K.
        features: F.
        basis: coefficients of the fixed basis, in float64 on the host.
        graph, source: checksums of the graph and of the features that the terms were made of.
        checksum: of the whole content.
        bits: of a number of each order k, if they are few; else None.
        widths: number of columns of each block of columns.
        files: of each block, a file for each order.
        facts: what the header says.

    Raises:
        StoreError: if the folder holds no finished terms, or its files are not what it says.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        facts, arrays, self.checksum = read_header(self.path, "terms")
        counts = ("num_nodes", "order", "features")
        self.num_nodes, self.order, self.features = (count_of(facts, name) for name in counts)
        self.graph, self.source = str(facts.get("graph")), str(facts.get("source"))
        self.basis = basis_of(facts.get("basis"), self.order)
        self.widths = _widths(facts.get("widths"), self.features)
        self.facts, self.bits = facts, _bits(facts.get("bits"), self.order)
        tiles = _tiles(facts.get("tiles"), len(self.widths)) if self.bits else None
        self.files = [
            [self._file(arrays, block, k, tiles) for k in range(self.order + 1)]
            for block in range(len(self.widths))
        ]

    def _file(
        self, arrays: dict[str, Layout], block: int, k: int, tiles: list[Tiles] | None
    ) -> TermFile:
        where = self.path, name_of(block, k), arrays, self.num_nodes, self.widths[block]
        if self.bits is None or tiles is None:
            return PlainTerm(*where)
        return PackedTerm(*where, self.bits[k], tiles[block])

    def __repr__(self) -> str:
        few = "" if self.bits is None else f", bits {'/'.join(map(str, self.bits))}"
        return (
            f"StoredTerms({self.num_nodes:,} nodes, {self.features:,} features, "
            f"order {self.order}, {self.bytes / 1e9:.3g} GB{few})"
        )

    @property
    def bytes(self) -> int:
        """Number of bytes on the disk."""
        return sum(file.bytes for files in self.files for file in files)

    def rows(self, start: int, stop: int) -> Float[np.ndarray, "K1 n F"]:
        """Terms of the nodes from ``start`` on, below ``stop``.

        Raises:
            StoreError: if a block of them is damaged.
        """
        out = np.empty((self.order + 1, stop - start, self.features), self.dtype)
        left = 0
        for files, width in zip(self.files, self.widths, strict=True):
            for k, file in enumerate(files):
                file.read(start, stop, out[k, :, left : left + width])
            left += width
        return out

    def take(self, nodes: Any) -> Float[np.ndarray, "K1 n F"]:
        """Terms of nodes [n] in any order; ascending nodes are read fastest.

        Raises:
            IndexError: if a node lies outside [0, N).
            StoreError: if a block of them is damaged.
        """
        nodes = np.asarray(nodes)
        if nodes.size and (nodes.min() < 0 or nodes.max() >= self.num_nodes):
            raise IndexError(f"nodes must lie in [0, {self.num_nodes}), got {nodes.max()}")
        out = np.empty((self.order + 1, len(nodes), self.features), self.dtype)
        left = 0
        for files, width in zip(self.files, self.widths, strict=True):
            for k, file in enumerate(files):
                file.take(nodes, out[k, :, left : left + width])
            left += width
        return out

    @property
    def dtype(self) -> np.dtype:
        """The type of the numbers that are read."""
        return self.files[0][0].dtype

    def forget(self) -> None:
        """Gives the memory of terms that were read back to the system."""
        for files in self.files:
            for file in files:
                file.forget()


def name_of(block: int, k: int) -> str:
    """The name of the array of a block of columns and an order."""
    return f"terms-{block}-{k}"


def as_facts(basis: Recurrence) -> dict[str, Any]:
    """The coefficients of a basis as JSON holds them, exactly.

    Raises:
        ValueError: if the basis has parameters for each channel.
    """
    leaves = [np.asarray(leaf, np.float64) for leaf in basis[:4]]
    if leaves[0].ndim or any(leaf.ndim != 1 for leaf in leaves[1:]):
        raise ValueError("propagation needs one basis for all channels, of coefficients [K]")
    return {name: leaf.tolist() for name, leaf in zip(COEFFICIENTS, leaves, strict=True)}


def basis_of(facts: Any, order: int) -> Recurrence:
    """What `as_facts` took; a StoreError for anything else."""
    try:
        leaves = [np.asarray(facts[name], np.float64) for name in COEFFICIENTS]
    except (TypeError, KeyError, ValueError) as error:
        raise StoreError("the header has no coefficients of a basis") from error
    if leaves[0].shape != () or any(leaf.shape != (order,) for leaf in leaves[1:]):
        raise StoreError(f"the header has no basis of order {order}")
    if not all(np.isfinite(leaf).all() for leaf in leaves) or not leaves[2].all():
        raise StoreError("the header has coefficients that are no basis")
    return Recurrence(*leaves)  # type: ignore[arg-type]


def _widths(value: Any, features: int) -> list[int]:
    good = isinstance(value, list) and all(type(w) is int and w > 0 for w in value)
    if not good or sum(value) != features:
        raise StoreError(f"the header has no blocks of {features} columns")
    return value


def _bits(value: Any, order: int) -> tuple[int, ...] | None:
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or len(value) != order + 1
        or not all(type(b) is int and b in BITS for b in value)
    ):
        raise StoreError(f"the header has bits {value!r}, which are not those of order {order}")
    return tuple(value)


def _tiles(value: Any, blocks: int) -> list[Tiles]:
    good = isinstance(value, list) and len(value) == blocks
    for pair in value if good else ():
        whole = isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)
        good = good and whole and min(pair) == 1 and max(pair) < 1 << 32
    if not good:
        raise StoreError(f"the header has tiles {value!r}, which are not those of {blocks} blocks")
    return [Tiles(*pair) for pair in value]
