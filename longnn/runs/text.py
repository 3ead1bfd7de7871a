"""Text from files as a terminal may be given it."""


def printable(text: object) -> str:
    """One line, in which every character that steers a terminal is written out.

    Args:
        text: a name or a message that may hold what a file held.

    Example:
        >>> printable("red" + chr(27) + "[31m")
        'red\\\\x1b[31m'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
