"""Objects of many numbers in one line, as a notebook shows them."""

import dataclasses
import reprlib
from collections.abc import Iterator

LONGEST = 60
"""Characters of a value that is no array."""


def brief(value: object) -> str:
    """A dataclass or named tuple in one line: its arrays by dtype and shape.

    Fields of a dataclass that have their default value are left out, and of what is inside such
    objects the kind alone is named.

    Args:
        value: of any kind.

    Example:
        >>> from typing import NamedTuple
        >>> import numpy as np
        >>> class Points(NamedTuple):
        ...     place: np.ndarray
        ...     name: str
        >>> brief(Points(np.zeros((3, 2)), "mine"))
        "Points(place=float64[3,2], name='mine')"
    """
    fields = list(_fields(value))
    if not fields and not dataclasses.is_dataclass(value):
        return _part(value)
    inside = ", ".join(f"{name}={_part(part)}" for name, part in fields)
    return f"{type(value).__name__}({inside})"


def _part(value: object) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return str(value.__name__)
    if list(_fields(value)):
        return f"{type(value).__name__}(...)"
    shown = " ".join(reprlib.repr(value).split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."


def _fields(value: object) -> Iterator[tuple[str, object]]:
    """Name and value of what an object consists of; nothing of other kinds of objects."""
    if isinstance(value, type):
        return
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            part = getattr(value, field.name)
            if field.repr and not _is_default(field, part):
                yield field.name, part
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)


def _is_default(field: "dataclasses.Field[object]", value: object) -> bool:
    """Whether a field has its default, which is compared only where it is a plain value."""
    plain = isinstance(value, bool | int | float | str | None)
    return plain and type(value) is type(field.default) and value == field.default
