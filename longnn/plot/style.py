"""What all figures share."""

from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999933")
"""Okabe and Ito's palette, distinguishable without colour vision."""

FREQUENCY = "$\\lambda$, eigenvalue of L = I - S (low frequencies left)"
"""The axis that all spectral figures share."""


def add_caption(figure: Figure, words: str) -> None:
    """Writes a line below the axes, which a title of the caller's does not replace.

    Args:
        figure: with a constrained layout, which makes room for the line.
        words: how to read what is drawn.
    """
    figure.supxlabel(words, fontsize="small", color="#555555")
