"""The names that are nearest to one that does not exist; imports nothing of Hydra."""

import difflib
from collections.abc import Collection

_WITHIN = 0.15
"""How much less alike than the nearest name another one may be, of 1 for equal words."""


def nearest(name: str, known: Collection[str]) -> list[str]:
    """Up to three known names that somebody may have meant, the nearest first.

    A name is left out where another one is clearly nearer: `coraa` is `cora`, not `actor`.

    Args:
        name: that was given.
        known: the names that exist.
    """
    name = name.lower()  # no name has capitals
    near = difflib.get_close_matches(name, known)
    alike = [difflib.SequenceMatcher(None, one, name).ratio() for one in near]
    return [one for one, ratio in zip(near, alike, strict=True) if ratio > alike[0] - _WITHIN]


def name_problem(kind: str, name: str, known: Collection[str]) -> str | None:
    """Says why a name means nothing, with the nearest names and all of them; None if it is known.

    Args:
        kind: what the name stands for, such as "dataset".
        name: that was given.
        known: the names that exist, in the order in which they are listed.
    """
    if name in known:
        return None
    near = nearest(name, known)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"unknown {kind} {name!r}: {hint}There are {', '.join(known)}."
