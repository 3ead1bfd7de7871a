"""Names from files as text that is safe to show."""

LABEL, TITLE = 40, 80
"""Characters that fit beside an axis, and above a figure six inches wide."""


def plain(text: object) -> str:
    """One line of printable text, whatever a file held."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def literal(text: str, longest: int = LABEL) -> str:
    """The text as matplotlib shows it unchanged: no mathematics, cut where it would not fit.

    Args:
        text: a name from a file.
        longest: how many characters fit.
    """
    shown = text if len(text) <= longest else text[: longest - 3] + "..."
    return shown.replace("$", r"\$")
