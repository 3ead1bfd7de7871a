"""Nodes and features by their names."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Int64, Shaped

from longnn.data.cells import text_of

NodesAsked: TypeAlias = Sequence[object] | Shaped[np.ndarray, " n"]
"""Names of nodes that are asked for."""

_MOST = 2**63
"""Whole numbers below this are kept as numbers."""


def check_named(what: str, names: object, shape: tuple[int, ...], noun: str) -> None:
    """Raises a ValueError unless these are distinct whole numbers or texts of a shape.

    Args:
        what: which names, for the message.
        names: an array.
        shape: [N] or [F].
        noun: what is named, for the message.
    """
    if not isinstance(names, np.ndarray) or names.dtype.kind not in "iuU" or names.shape != shape:
        came = type(names).__name__
        if isinstance(names, np.ndarray):
            came = f"{names.dtype} of shape {names.shape}"
        raise ValueError(
            f"{what} are {came}, expected an array of whole numbers or texts of shape {shape}, one "
            f"name a {noun}"
        )
    distinct, count = np.unique(names, return_counts=True)
    if len(distinct) < len(names):
        twice = distinct[count > 1]
        raise ValueError(
            f"{what} hold {twice[0].item()!r} more than once ({len(twice)} such names); give each "
            f"{noun} a name of its own"
        )


def as_names(texts: Sequence[str]) -> Shaped[np.ndarray, " N"]:
    """Names as whole numbers where each is written as one, else as texts.

    Example:
        >>> as_names(["7", "-1"]), as_names(["7", "07"])
        (array([ 7, -1]), array(['7', '07'], dtype='<U2'))
    """
    try:
        numbers = [int(text) for text in texts]
    except ValueError:
        return np.array(texts)
    plain = all(str(n) == t and abs(n) < _MOST for n, t in zip(numbers, texts, strict=True))
    return np.array(numbers, np.int64) if plain and numbers else np.array(texts)


def places_of(
    names: Shaped[np.ndarray, " N"], asked: NodesAsked, owner: str
) -> Int64[np.ndarray, " n"]:
    """Where names stand.

    Args:
        names: [N] of all nodes.
        asked: the names that are looked for, in any order; a number and its text are the same name.
        owner: has the nodes, for the message.

    Raises:
        ValueError: if a name is unknown, none is given, or they are a mask.

    Example:
        >>> places_of(np.array(["a", "b", "c"]), ["c", "a"], "pets")
        array([2, 0])
    """
    wanted = list(np.atleast_1d(asked) if isinstance(asked, str | int | np.ndarray) else asked)
    if wanted and all(isinstance(name, bool | np.bool_) for name in wanted):
        raise ValueError("nodes are a mask, expected names; use numpy.flatnonzero(mask)")
    texts = [text_of(name) for name in wanted]
    found = _own_numbers(names, texts)
    if not wanted or (found < 0).any():  # else no table of all nodes is needed
        place = {text_of(name): row for row, name in enumerate(names.tolist())}
        found = np.array([place.get(text, -1) for text in texts], np.int64)
    if not wanted or (found < 0).any():
        raise _unknown(names, [wanted[i] for i in np.flatnonzero(found < 0)], owner)
    return found


def _own_numbers(names: Shaped[np.ndarray, " N"], texts: Sequence[str]) -> Int64[np.ndarray, " n"]:
    """[n] the place of each name that is the number of its own place; -1 of the others."""
    found = np.full(len(texts), -1, np.int64)
    for asked, text in enumerate(texts if names.dtype.kind in "iu" else ()):
        place = int(text) if text.isdecimal() and len(text) < 20 else len(names)
        if place < len(names) and names[place] == place and str(place) == text:
            found[asked] = place
    return found


def _unknown(names: Shaped[np.ndarray, " N"], missing: Sequence[object], owner: str) -> ValueError:
    shown = [repr(name) for name in names[:3].tolist()] + ["..."] * (len(names) > 3)
    last = [repr(names[-1].item())] if len(names) > 3 else []
    which = f"no node {text_of(missing[0])!r} ({len(missing)} such)" if missing else "no such node"
    came = f"{owner} has {which}" if missing else f"no node of {owner} was asked for"
    return ValueError(f"{came}; its nodes are {', '.join([*shown, *last])}")


def columns_as(
    wanted: Sequence[str], found: Sequence[str], owner: str
) -> Int64[np.ndarray, " F"] | None:
    """The order in which columns stand as a model takes them; None where they do already.

    Args:
        wanted: the names of the F features that a model takes; none where they are not known.
        found: the names of the features that came; none where they are not known.
        owner: has them, for the message.

    Raises:
        ValueError: if both are known, and one is missing or one more is there.

    Example:
        >>> columns_as(["age", "size"], ["size", "age"], "pets")
        array([1, 0])
    """
    if not wanted or not found or list(wanted) == list(found):
        return None
    place = {name: column for column, name in enumerate(found)}
    missing = [name for name in wanted if name not in place]
    surplus = sorted(place.keys() - set(wanted))
    if missing or surplus:
        lacking = f"lacks the features {_listed(missing)}" if missing else ""
        more = f"has the features {_listed(surplus)}, which the model does not take"
        problem = " and ".join(filter(None, [lacking, more if surplus else ""]))
        raise ValueError(f"{owner} {problem}; its columns must be those of the training data")
    return np.array([place[name] for name in wanted])


def _listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} of them)" if len(names) > 4 else ""
    return ", ".join(map(repr, names[:4])) + more
