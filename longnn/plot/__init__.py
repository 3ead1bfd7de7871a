"""Figures, each from arrays by one call; readable in print. No global matplotlib state."""

from longnn.plot.basis import basis, conditioning
from longnn.plot.dataset import dataset, valued_dataset
from longnn.plot.density import density
from longnn.plot.energy import energy, homophily
from longnn.plot.fitting import convergence, fitted_response
from longnn.plot.learned import learned_basis
from longnn.plot.overpassing import over_passing
from longnn.plot.response import response, response_curves
from longnn.plot.sliders import sliders
from longnn.plot.style import COLOURS
from longnn.plot.training import exponents, training_curves

__all__ = [
    "COLOURS",
    "basis",
    "conditioning",
    "convergence",
    "dataset",
    "density",
    "energy",
    "exponents",
    "fitted_response",
    "homophily",
    "learned_basis",
    "over_passing",
    "response",
    "response_curves",
    "sliders",
    "training_curves",
    "valued_dataset",
]
