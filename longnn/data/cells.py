"""Cells of text, as tables and arrays of strings hold them: names, numbers and missing labels."""

import re

import numpy as np

NO_LABEL = ("", "nan", "na", "n/a", "null", "none", "<na>")
"""The texts that mean "no label", in small or capital letters."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,999}(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def text_of(cell: object) -> str:
    """The text of a cell, without the blanks around it.

    A missing value is empty, a truth value is 1 or 0, and a float that is a whole number is written
    as one, so that a column of numbers reads alike whatever its type.

    Args:
        cell: text, a number, None or another scalar.

    Example:
        >>> [text_of(cell) for cell in (" a ", 1.0, 1, None, float("nan"), True)]
        ['a', '1', '1', '', '', '1']

    Raises:
        ValueError: if the cell is no scalar, a complex number, or bytes that are no UTF-8.
    """
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell is np.ma.masked:
        return ""
    if isinstance(cell, bytes):
        return _decoded(cell).strip()
    if isinstance(cell, bool | np.bool_):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return _text_of_float(float(cell))
    if np.ndim(cell) or isinstance(cell, complex | np.complexfloating | set | dict):  # type: ignore[arg-type]
        raise ValueError(f"expected text or a number, got {cell!r} ({type(cell).__name__})")
    return str(cell).strip()


def whole(text: str) -> int | None:
    """The whole number that a text stands for, of any size; None if it stands for none.

    Example:
        >>> [whole(text) for text in ("-1", "7.0", "1e3", "1e-5", "1_000", "0.5")]
        [-1, 7, 1000, None, None, None]
    """
    if _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    if not is_number(text) or "e" not in text.lower():
        return None
    value = float(text)
    too_small = value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])
    return int(value) if value.is_integer() and not too_small else None


def is_number(text: str) -> bool:
    """Whether a text is a number in decimal digits, such as "-0.5" or "2e-3"."""
    return _NUMBER.fullmatch(text) is not None


def _decoded(cell: bytes) -> str:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        raise ValueError(f"expected text in UTF-8, got the bytes {cell!r}") from None


def _text_of_float(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
