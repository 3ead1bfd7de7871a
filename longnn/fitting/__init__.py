"""Filters fitted to known responses: targets, least squares, gradients, the exact optimum."""

from longnn.fitting.approximation import chebyshev_apply
from longnn.fitting.bases import BASES, make_basis
from longnn.fitting.curve import epochs_within, excess_curve
from longnn.fitting.decomposition import apply, decompose
from longnn.fitting.expression import parse
from longnn.fitting.gradient import Descent, GradientFit, descend
from longnn.fitting.lstsq import Solution, lstsq
from longnn.fitting.optimum import Optimum
from longnn.fitting.problem import FitProblem
from longnn.fitting.responses import RESPONSES, interpolated, response
from longnn.fitting.score import r2, squared_errors

__all__ = [
    "BASES",
    "RESPONSES",
    "Descent",
    "FitProblem",
    "GradientFit",
    "Optimum",
    "Solution",
    "apply",
    "chebyshev_apply",
    "decompose",
    "descend",
    "epochs_within",
    "excess_curve",
    "interpolated",
    "lstsq",
    "make_basis",
    "parse",
    "r2",
    "response",
    "squared_errors",
]
