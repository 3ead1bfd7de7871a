"""Filters of node signals by a series in a polynomial basis."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike

from longnn.filters import filter as spectral_filter
from longnn.graphs.checks import check_count
from longnn.operators.protocol import Operator
from polybases import Combination, Recurrence, evaluate


class Series(nnx.Module):
    """g_c(S) = sum_k theta_kc p_k(S); what differs between filters is :meth:`terms`."""

    def terms(self) -> tuple[Recurrence, Array]:
        """Basis of order K with leaves [K] or [K, C], and theta [K+1, C]; C = 1 if shared."""
        raise NotImplementedError(f"{type(self).__name__} defines no terms()")

    def __call__(self, operator: Operator, h: Array) -> Array:
        """h [N, C] -> g(S) h [N, C]."""
        return spectral_filter(operator, *self.terms(), h)

    def response(self, x: Array) -> Array:
        """g_c(x) at x = 1 - lambda in [-1, 1]: [...] -> [..., C], or [..., 1] if shared."""
        recurrence, theta = self.terms()
        values = evaluate(recurrence, x[..., None])
        return jnp.sum(theta.reshape(len(theta), *[1] * x.ndim, -1) * values, axis=0)

    def scalars(self) -> dict[str, Array]:
        """Values worth a curve; none unless a filter names them."""
        return {}


class InBasis(Series):
    """A series with modules for its basis and its coefficients.

    Args:
        basis: module whose call gives a Recurrence.
        coefficients: module whose call gives theta.
    """

    def __init__(self, basis: Callable[[], Recurrence], coefficients: Callable[[], Array]):
        self.basis: Any = basis
        self.coefficients: Any = coefficients

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`Series`."""
        return self.basis(), self.coefficients()

    def scalars(self) -> dict[str, Array]:
        """alpha and beta, where the basis has them and learns them."""
        learned = nnx.state(self.basis, nnx.Param)
        names = ("alpha", "beta") if learned else ()
        return {n: jnp.mean(getattr(self.basis, n)) for n in names if hasattr(self.basis, n)}


class Fixed(nnx.Module):
    """A basis that is not learned.

    Args:
        make: (order, dtype=...) -> Recurrence, a module-level function such as
            ``polybases.legendre``.
        order: K.
        dtype: of the coefficients.
    """

    def __init__(
        self, make: Callable[..., Recurrence], order: int, *, dtype: DTypeLike = jnp.float32
    ):
        self.make, self.order, self.dtype = make, order, jnp.dtype(dtype)

    def __call__(self) -> Recurrence:
        """The basis."""
        return self.make(self.order, dtype=self.dtype)


class NonNegative(Series):
    """sum_j relu(gamma_j) b_j in functions b_j that all channels share; gamma_j starts at 1.

    Args:
        make: (order, dtype=...) -> the b_j, for instance ``polybases.bernstein``.
        order: K >= 1.
        dtype: of the parameters, in the optimizer group "coefficients".

    Raises:
        ValueError: if order < 1.
    """

    def __init__(
        self, make: Callable[..., Combination], order: int, *, dtype: DTypeLike = jnp.float32
    ):
        self.make, self.order = make, check_count("order (the highest degree K)", order)
        self.gamma = nnx.Param(jnp.ones(order + 1, dtype), group="coefficients")

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`Series`."""
        gamma = jax.nn.relu(self.gamma[...])
        functions = self.make(self.order, dtype=gamma.dtype)
        return functions.recurrence, functions.coefficients(gamma)[:, None]
