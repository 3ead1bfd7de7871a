"""Arrays of real numbers from whatever a user gives; nothing is cast in silence."""

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float32, Int64, Integer, Shaped

_EXPECTED = "expected real numbers (floats, integers or booleans)"


def real_array(what: str, values: object) -> Shaped[np.ndarray, "..."]:
    """Gives values as an array, in the type that they have.

    Args:
        what: names the values, for the message.
        values: [...] an array, or a sequence of numbers.

    Raises:
        ValueError: unless they are floats, integers or booleans, none of them masked.

    Example:
        >>> real_array("weights", [1, 2.5])
        array([1. , 2.5])
        >>> real_array("weights", np.array([1 + 2j]))
        Traceback (most recent call last):
        ...
        ValueError: weights are complex128, expected real numbers (floats, integers or booleans)
    """
    if is_masked(values):
        raise ValueError(f"{what} hold masked values, {_EXPECTED}; fill them, or drop their rows")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged, or no array of the host
        raise ValueError(f"{what} cannot be read as an array, {_EXPECTED}; {error}") from error
    check_real(what, array.dtype)
    return array


def is_masked(values: object) -> bool:
    """Whether an array, or one of a sequence of arrays, has masked entries."""
    rows = values if isinstance(values, list | tuple) else [values]
    return any(map(np.ma.is_masked, rows))


def check_real(what: str, dtype: np.dtype) -> None:
    """Raises a ValueError unless a dtype is of floats, integers or booleans.

    Args:
        what: names the values, for the message.
        dtype: of an array or a sparse matrix.
    """
    if dtype.kind not in "fiub":
        raise ValueError(f"{what} are {dtype}, {_EXPECTED}")


def real_matrix(
    what: str, matrix: scipy.sparse.sparray | scipy.sparse.spmatrix
) -> scipy.sparse.sparray | scipy.sparse.spmatrix:
    """Gives a copy of a sparse matrix whose entries at one place may be summed without wrapping.

    Args:
        what: names the entries, for the message.
        matrix: [N, M] of any format.

    Returns:
        The matrix in float64, or in bool if it is one, where the sum of two entries is True.

    Raises:
        ValueError: unless the entries are floats, integers or booleans.
    """
    check_real(what, matrix.dtype)
    return matrix.astype(matrix.dtype if matrix.dtype == bool else np.float64, copy=True)


def as_float32(what: str, values: Shaped[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """Rounds real numbers to float32.

    Args:
        what: names the values, for the message.
        values: [...] real numbers; NaN and infinite ones stay.

    Raises:
        ValueError: if a finite number is beyond the range of float32.

    Example:
        >>> as_float32("features", np.array([1e300]))
        Traceback (most recent call last):
        ...
        ValueError: features: 1e+300 is beyond the range of float32 (3.4e+38); scale the values down
    """
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    lost = np.isinf(rounded) & np.isfinite(values)
    if lost.any():
        raise ValueError(
            f"{what}: {values[lost][0]:g} is beyond the range of float32 "
            f"({np.finfo(np.float32).max:.2g}); scale the values down"
        )
    return rounded


def first_true(mask: Bool[np.ndarray, "..."]) -> list[int] | None:
    """The place of the first true entry, found without memory for all of them; None if none is.

    Example:
        >>> first_true(np.array([[False, False], [False, True]]))
        [1, 1]
    """
    if not mask.any():
        return None
    return [int(place) for place in np.unravel_index(int(mask.argmax()), mask.shape)]


def pair_counts(
    rows: Integer[np.ndarray, " n"], columns: Integer[np.ndarray, " n"], size: int
) -> Int64[np.ndarray, "size size"]:
    """How often each pair of numbers occurs: entry (i, j) counts rows = i beside columns = j.

    Args:
        rows, columns: [n] whole numbers in [0, size).
        size: of both axes, >= 1.

    Example:
        >>> pair_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    pairs = rows.astype(np.int64) * size + columns
    return np.bincount(pairs, minlength=size**2).reshape(size, size)
