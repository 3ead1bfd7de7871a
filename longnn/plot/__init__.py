"""Figures, each from arrays by one call; readable in print. No global matplotlib state."""

from longnn.plot.dataset import dataset, valued_dataset
from longnn.plot.fitting import convergence, fitted_response
from longnn.plot.response import response
from longnn.plot.style import COLOURS
from longnn.plot.training import exponents, training_curves

__all__ = [
    "COLOURS",
    "convergence",
    "dataset",
    "exponents",
    "fitted_response",
    "response",
    "training_curves",
    "valued_dataset",
]
