"""Names from files as matplotlib text."""

LABEL, TITLE = 40, 80
"""Characters that fit beside an axis, and above a figure six inches wide."""


def literal(text: str, longest: int = LABEL) -> str:
    """The text as it stands: no mathematics between dollars, cut where it would not fit."""
    shown = text if len(text) <= longest else text[: longest - 3] + "..."
    return shown.replace("$", r"\$")
