"""The way from a notebook to the page of a run."""

import shlex
from html import escape
from pathlib import Path
from urllib.parse import quote

from longnn.runs.directory import PAGE
from longnn.runs.text import printable


def page_link(directory: Path) -> str:
    """A link to the page of a run as HTML; where there is none, the command that makes it.

    Args:
        directory: of the run.

    Example:
        >>> page_link(Path("runs/<b>"))
        'no page yet: <code>longnn report &#x27;runs/&lt;b&gt;&#x27;</code>'
    """
    file = directory / PAGE
    if file.is_file():
        return f'<a href="{quote(file.as_posix())}" target="_blank">{PAGE}</a>'
    return (
        f"no page yet: <code>longnn report {escape(printable(shlex.quote(str(directory))))}</code>"
    )
