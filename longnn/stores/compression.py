"""Terms that are on the disk, in few bits: 16, 8, 4, 2 or 1 for each number."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from longnn.stores.blocks import Layout, StoreError, Writer
from longnn.stores.folders import making
from longnn.stores.header import write_header
from longnn.stores.packing import Tiles, encode
from longnn.stores.rounding import BITS, LARGEST
from longnn.stores.term_files import TermFile, codes_of, ends_of
from longnn.stores.terms import StoredTerms, name_of

PIECE = 1 << 18
"""Numbers that are rounded at once: twice as fast as 2^20, whose arrays leave the caches."""


def compress(
    path: str | Path,
    terms: StoredTerms,
    bits: int | Sequence[int],
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> StoredTerms:
    """Writes terms again in few bits; the folder is read as any other one of terms, in float32.

    Each number becomes one of 2^b evenly spaced levels. Up to 128 numbers beside each other in a
    row have the ends of their levels in common (below 64 features, 256 below each other in a
    column), which take 8 bytes. Features that are 0 or one other number in each row stay exact at 1
    bit. Reads and writes pieces of a few MB; the folder appears when it is complete.

    Args:
        path: folder to make.
        terms: of `longnn.stores.propagate`.
        bits: 16, 8, 4, 2 or 1, of all orders, or for each k = 0..K.
        on_progress: called after each term of a block of columns with (written, all).

    Returns:
        The terms, opened; those that are there already if they were made of the same in the same
        way.

    Raises:
        StoreError: if the folder exists with something else, another process is making it, the disk
            is full, or the terms are damaged.
        ValueError: for other bits, or terms that are not finite or that are in few bits already.

    Example:
        >>> import longnn, polybases, tempfile
        >>> graph = longnn.stores.grid((folder := tempfile.mkdtemp()) + "/grid", 20, 20)
        >>> x = np.random.default_rng(0).standard_normal((400, 64))
        >>> basis = polybases.jacobi(2, 0.0, 0.0)
        >>> terms = longnn.stores.propagate(folder + "/terms", graph, x, basis)
        >>> few = longnn.stores.compress(folder + "/few", terms, (16, 8, 4))
        >>> terms.bytes, few.bytes
        (307200, 99200)
        >>> float(abs(few.rows(0, 400) - terms.rows(0, 400)).max()) < 0.5
        True
    """
    path, bits = Path(path).expanduser(), each_order(bits, terms.order)
    if terms.bits is not None:
        raise ValueError(f"{terms.path} is in few bits already; give the terms it was made of")
    facts = {"bits": list(bits), "of": terms.checksum}
    if path.exists():
        return _checked(StoredTerms(path), facts)
    tiles = [Tiles.of(width) for width in terms.widths]
    facts["tiles"] = [[t.rows, t.columns] for t in tiles]
    arrays: dict[str, Layout] = {}
    total = len(terms.files) * (terms.order + 1)
    with making(path) as folder:
        for block, files in enumerate(terms.files):
            for k, file in enumerate(files):
                shape = terms.num_nodes, terms.widths[block]
                arrays |= _write(folder, name_of(block, k), file, shape, bits[k], tiles[block])
                on_progress(len(arrays) // 2, total)
        write_header(folder, "terms", terms.facts | facts, arrays)
    return StoredTerms(path)


def each_order(bits: int | Sequence[int], order: int) -> tuple[int, ...]:
    """The bits of k = 0..K.

    Raises:
        ValueError: for another number of them, or other bits than those of `BITS`.
    """
    each = (bits,) * (order + 1) if isinstance(bits, int) else tuple(bits)
    if len(each) != order + 1 or not set(each) <= set(BITS):
        raise ValueError(
            f"bits must be 16, 8, 4, 2 or 1, once or for each of the {order + 1} orders, got {bits}"
        )
    return tuple(int(b) for b in each)


def _write(
    folder: Path, name: str, file: TermFile, shape: tuple[int, int], bits: int, tiles: Tiles
) -> dict[str, Layout]:
    nodes, width = shape
    names = codes_of(name), ends_of(name)
    rows = max(PIECE // width // tiles.rows, 1) * tiles.rows
    with ExitStack() as stack:
        codes, ends = (
            stack.enter_context(Writer(folder / f"{array}.bin", dtype))
            for array, dtype in zip(names, ("|u1", "<f4"), strict=True)
        )
        for start in range(0, nodes, rows):
            values = np.empty((min(rows, nodes - start), width), file.dtype)
            file.read(start, start + len(values), values)
            file.forget()
            _check_values(values, name)
            packed, found = encode(values, bits, tiles)
            codes.add(packed.reshape(-1))
            ends.add(found.reshape(-1))
        return {names[0]: codes.close(), names[1]: ends.close()}


def _check_values(values: np.ndarray, name: str) -> None:
    if not (np.abs(values) <= LARGEST).all():  # NaN is not <= either
        raise ValueError(
            f"{name} holds a value that is not finite or too large for float32; propagate features "
            "that are finite, in an orthonormal basis"
        )


def _checked(found: StoredTerms, facts: dict[str, Any]) -> StoredTerms:
    """Terms that are there already, unless they are others."""
    if found.facts.get("of") != facts["of"]:
        raise StoreError(
            f"{found.path} was not made of these terms; delete it, or name another folder"
        )
    if found.facts.get("bits") != facts["bits"]:
        raise StoreError(
            f"{found.path} has bits {found.facts['bits']}, asked were {facts['bits']}; delete it, "
            "or name another folder"
        )
    return found
