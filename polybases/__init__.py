"""Polynomial bases for JAX: evaluated on scalars, or on operators given by their products.

A basis with a three-term recurrence is data, a :class:`Recurrence`; every algorithm is written
once for all of them. Needs jax and numpy only; the Flax NNX modules are in ``polybases.modules``.
"""

from polybases._bernstein import bernstein
from polybases._charlier import charlier
from polybases._chebyshev import chebyshev
from polybases._connection import connection
from polybases._favard import favard
from polybases._gegenbauer import gegenbauer
from polybases._hahn import hahn
from polybases._hermite import hermite
from polybases._jacobi import jacobi, weight
from polybases._krawtchouk import krawtchouk
from polybases._krylov import krylov
from polybases._laguerre import laguerre
from polybases._legendre import legendre
from polybases._meixner import meixner
from polybases._monomial import monomial
from polybases._rational import Rational, rational
from polybases._trigonometric import trigonometric
from polybases.algebra import antiderivative, product, roots
from polybases.chebinterp import chebyshev_interpolation, chebyshev_nodes
from polybases.combination import Combination
from polybases.constraints import exponent, raw_exponent
from polybases.convenience import eval_jacobi, vander
from polybases.discrete import from_nodes, from_weight
from polybases.interval import on_interval
from polybases.numpy_series import from_numpy, to_numpy
from polybases.operators import MatVec
from polybases.optbasis import OptBasis
from polybases.quadrature import gauss, gauss_lobatto, gauss_radau, mass
from polybases.recurrence import Recurrence, combine, evaluate, expand, weighted_sum
from polybases.regression import least_squares
from polybases.series import derivative, norm, project, truncate
from polybases.symmetry import check_symmetric
from polybases.value import Series
from polybases.version import __version__

__all__ = [
    "Combination",
    "MatVec",
    "OptBasis",
    "Rational",
    "Recurrence",
    "Series",
    "__version__",
    "antiderivative",
    "bernstein",
    "charlier",
    "chebyshev",
    "chebyshev_interpolation",
    "chebyshev_nodes",
    "check_symmetric",
    "combine",
    "connection",
    "derivative",
    "eval_jacobi",
    "evaluate",
    "expand",
    "exponent",
    "favard",
    "from_nodes",
    "from_numpy",
    "from_weight",
    "gauss",
    "gauss_lobatto",
    "gauss_radau",
    "gegenbauer",
    "hahn",
    "hermite",
    "jacobi",
    "krawtchouk",
    "krylov",
    "laguerre",
    "least_squares",
    "legendre",
    "mass",
    "meixner",
    "monomial",
    "norm",
    "on_interval",
    "product",
    "project",
    "rational",
    "raw_exponent",
    "roots",
    "to_numpy",
    "trigonometric",
    "truncate",
    "vander",
    "weight",
    "weighted_sum",
]
