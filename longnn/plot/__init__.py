"""Figures, each from arrays by one call; readable in print. No global matplotlib state."""

from longnn.plot.dataset import dataset, valued_dataset
from longnn.plot.response import response, response_curves
from longnn.plot.style import COLOURS
from longnn.plot.training import exponents, training_curves

__all__ = [
    "COLOURS",
    "dataset",
    "exponents",
    "response",
    "response_curves",
    "training_curves",
    "valued_dataset",
]
