"""Arrays of plain numbers or text, made from bytes and a description that nobody has checked."""

import math
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped, UInt8
from scipy import sparse

_DTYPE = re.compile(r"[<>|=]?(?:[biufcSU][0-9]{1,9}|[Mm]8(?:\[[0-9]{0,9}[A-Za-z]{1,2}\])?)")


def plain_dtype(text: str) -> np.dtype:
    """The dtype that a short text such as "<f8" names.

    Raises:
        ValueError: unless it is one of truth values, numbers, texts or dates, and has a size.
    """
    try:
        dtype = np.dtype(text) if _DTYPE.fullmatch(text) else None
    except TypeError:  # such as "f3"
        dtype = None
    if dtype is None or dtype.itemsize == 0:
        raise ValueError(f"its dtype is {text[:60]!r}, expected one of numbers, such as '<f8'")
    return dtype


def shaped(
    content: UInt8[np.ndarray, " bytes"], dtype: np.dtype, shape: Sequence[int], fortran: bool
) -> Shaped[np.ndarray, "..."]:
    """A view of bytes as an array, after a check that they fit.

    Args:
        content: the bytes of the array.
        dtype: as `plain_dtype` gives it.
        shape: sizes, which must be whole numbers >= 0 (at most 32 of them).
        fortran: whether the first index varies fastest.

    Raises:
        ValueError: if the number of bytes is not that of the shape, or truth values are not 0 or 1.
    """
    sizes = tuple(shape)
    if len(sizes) > 32 or not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError(f"{sizes} is no shape of an array")
    if math.prod(sizes) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes cannot hold shape {sizes} of {dtype}")
    if dtype.kind == "b" and content.max(initial=0) > 1:
        raise ValueError("a truth value is neither 0 nor 1")
    return content.view(dtype).reshape(sizes, order="F" if fortran else "C")


def checked_rows(
    data: object, indices: object, indptr: object, shape: Sequence[object]
) -> sparse.csr_array:
    """A CSR matrix of three arrays from a file; scipy would believe the pointers and crash.

    Args:
        data: [nnz] numbers.
        indices: [nnz] columns in [0, columns).
        indptr: [rows + 1] start of each row, rising from 0 to nnz.
        shape: (rows, columns).

    Returns:
        The matrix; a row may be unsorted and name a column more than once.

    Raises:
        ValueError: if anything else comes.
    """
    arrays = {"data": data, "indices": indices, "indptr": indptr}
    for name, array in arrays.items():
        kinds = "biuf" if name == "data" else "iu"
        if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in kinds:
            raise ValueError(f"the array {name} of a sparse matrix is no list of numbers")
    assert isinstance(data, np.ndarray)
    assert isinstance(indices, np.ndarray)
    assert isinstance(indptr, np.ndarray)
    sizes = [size for size in shape if type(size) is int and 0 <= size < 2**31]
    if len(sizes) != 2 or len(shape) != 2:
        raise ValueError(f"a sparse matrix has two sizes in [0, 2^31), got {tuple(shape)}")
    _check_pointers(indptr, indices, len(data), sizes[0], sizes[1])
    native = data.astype(data.dtype.newbyteorder("="), copy=False)
    kind = np.int32 if len(data) < 2**31 else np.int64
    pointers = indices.astype(kind, copy=False), indptr.astype(kind, copy=False)
    return sparse.csr_array((native, *pointers), shape=(sizes[0], sizes[1]))


def _check_pointers(
    indptr: np.ndarray, indices: np.ndarray, entries: int, rows: int, columns: int
) -> None:
    if len(indices) != entries:
        raise ValueError(f"a sparse matrix has {entries} entries, but {len(indices)} indices")
    if len(indptr) != rows + 1 or indptr[0] != 0 or indptr[-1] != entries:
        raise ValueError(
            f"the pointers of a sparse matrix must be {rows + 1} numbers from 0 to {entries}"
        )
    if (indptr[1:] < indptr[:-1]).any():  # a difference of unsigned numbers would wrap
        raise ValueError("the pointers of a sparse matrix must not fall")
    if entries and (indices.min() < 0 or indices.max() >= columns):
        raise ValueError(
            f"the indices of a sparse matrix lie in [{indices.min()}, {indices.max()}], expected "
            f"[0, {columns})"
        )
