"""Rows of arrays as one array for each column, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ANY = -1
"""The length of an axis that may have any."""

Columns = Mapping[str, tuple[tuple[int, ...], np.dtype]]
"""name -> shape and dtype of what a row of a table holds."""

INT, FLOAT = ((), np.dtype(np.int64)), ((), np.dtype(np.float64))


def table(
    prefix: str, rows: Sequence[Mapping[str, Any]], columns: Columns
) -> dict[str, np.ndarray]:
    """name -> [rows, ...]; what has any length is filled with NaN."""
    stacked = {}
    for name, (shape, dtype) in columns.items():
        values = [np.asarray(row[name], dtype) for row in rows]
        if shape == (ANY,):
            longest = max(map(len, values), default=0)
            values = [np.pad(v, (0, longest - len(v)), constant_values=np.nan) for v in values]
            shape = (longest,)
        stacked[prefix + name] = np.stack(values) if values else np.empty((0, *shape), dtype)
    return stacked


def rows_of(
    prefix: str, arrays: dict[str, np.ndarray], columns: Columns
) -> list[dict[str, np.ndarray]]:
    """The rows of a table; a ValueError if it has other columns, shapes or dtypes."""
    stored = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    if stored.keys() != columns.keys():
        raise ValueError(f"its arrays differ in {sorted(stored.keys() ^ columns.keys())}")
    count = stored["run"].shape[:1]
    for name, (shape, dtype) in columns.items():
        value = stored[name]
        if value.dtype != dtype and value.dtype == np.dtype((np.void, dtype.itemsize)):
            value = stored[name] = value.view(dtype)  # numpy stores bfloat16 as bare bytes
        wanted = (*count, *value.shape[1:2]) if shape == (ANY,) else (*count, *shape)
        if value.dtype != dtype or value.shape != wanted or len(wanted) != 1 + len(shape):
            raise ValueError(f"{prefix}{name} is {value.dtype}{value.shape}, not {dtype}{wanted}")
    return [{name: value[row, ...] for name, value in stored.items()} for row in range(*count)]
