"""Polynomial bases for JAX: three-term recurrences, evaluated on scalars or on operators.

Needs jax and numpy only. The Flax NNX modules are in ``polybases.modules``.
"""

from polybases.constraints import exponent, raw_exponent
from polybases.jacobi import jacobi, weight
from polybases.recurrence import (
    MatVec,
    Recurrence,
    connection,
    evaluate,
    expand,
    weighted_sum,
)

__version__ = "0.1.0"

__all__ = [
    "MatVec",
    "Recurrence",
    "connection",
    "evaluate",
    "expand",
    "exponent",
    "jacobi",
    "raw_exponent",
    "weight",
    "weighted_sum",
]
