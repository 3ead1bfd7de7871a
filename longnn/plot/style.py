"""What all figures share: colours, and sizes that can be read on a phone."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999933")
"""Okabe and Ito's palette, distinguishable without colour vision."""

FREQUENCY = "$\\lambda$, eigenvalue of L = I - S (low frequencies left)"
"""The axis that all spectral figures share."""

WIDTH = 4.8
"""Inches of every figure: on a phone, 360 pixels wide, nine points are nine pixels high."""

SMALL, TITLE = 9, 11
"""Points of legends, captions and notes, and of titles; axes have matplotlib's ten."""

_TITLE_LETTERS, _CAPTION_LETTERS = 48, 66
"""How many letters of such sizes stand in a line of a figure."""


def new_figure(height: float) -> Figure:
    """An empty figure of the common width, which makes room for its labels itself.

    Args:
        height: in inches.
    """
    return Figure(figsize=(WIDTH, height), layout="constrained")


def add_title(holder: Axes | Figure, words: str) -> None:
    """Writes a title of as many lines as it takes.

    Args:
        holder: an axes, or a figure of several.
        words: of the title; line breaks are kept.
    """
    draw = holder.set_title if isinstance(holder, Axes) else holder.suptitle
    draw(_wrapped(words, _TITLE_LETTERS), fontsize=TITLE)


def add_caption(figure: Figure, words: str) -> None:
    """Writes lines below the axes, which a title of the caller's does not replace.

    Args:
        figure: with a constrained layout, which makes room for the lines.
        words: how to read what is drawn; line breaks are kept.
    """
    figure.supxlabel(_wrapped(words, _CAPTION_LETTERS), fontsize=SMALL, color="#555555")


def _wrapped(words: str, letters: int) -> str:
    return "\n".join(textwrap.fill(line, letters) for line in words.split("\n"))
