"""A figure of a report: what readers see, and what they are told who cannot."""

import io
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # tables are made without matplotlib
    from matplotlib.figure import Figure

DPI = 150


class Picture(NamedTuple):
    """A figure of a report.

    Attributes:
        name: of its file.
        png: its content.
        caption: the sentence below it.
        alt: what it shows, for those who cannot see it.
    """

    name: str
    png: bytes
    caption: str
    alt: str


def drawn(figure: "Figure", name: str, caption: str, alt: str) -> Picture:
    """Draws a figure; the name becomes a safe file name."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Picture(file_name(name), buffer.getvalue(), caption, alt)


def file_name(name: str) -> str:
    """Letters, digits and dashes of a name, as the name of a PNG file."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") + ".png"
