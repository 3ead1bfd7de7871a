"""Values in the grammar of overrides; imports no jax."""

import re
from collections.abc import Mapping

_PLAIN = re.compile(r"(?!(true|false|null|nan|inf)\Z)[a-z_/][\w./:+-]*", re.ASCII | re.IGNORECASE)
"""Text that needs no quotes in an override, where it is neither a number nor a word for a value."""


def as_value(value: object) -> str:
    """A value of a YAML file in the grammar of overrides.

    Args:
        value: plain, lists and mappings among them.

    Example:
        >>> as_value({"lr": 1e-05, "on": True, "name": "a b", "none": None})
        "{lr:1e-05,on:true,name:'a b',none:null}"
    """
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_value, value))}]"
    if isinstance(value, Mapping):
        inside = (f"{as_value(key)}:{as_value(inner)}" for key, inner in value.items())
        return "{" + ",".join(inside) + "}"
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return quoted(value)
    return str(value)


def quoted(text: str) -> str:
    """Any text as one value in the grammar of overrides."""
    return "'" + re.sub(r"(\\*)('|\Z)", _doubled, text) + "'"


def _doubled(found: re.Match[str]) -> str:
    """Backslashes before a quote are doubled, and the quote is given one."""
    return found[1] * 2 + (r"\'" if found[2] else "")
