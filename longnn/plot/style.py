"""What all figures share."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999933")
"""Okabe and Ito's palette, distinguishable without colour vision."""

FREQUENCY = "$\\lambda$, eigenvalue of L = I - S (low frequencies left)"
"""The axis that all spectral figures share."""
