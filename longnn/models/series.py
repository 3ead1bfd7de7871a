"""Filters of node signals by a series in a polynomial basis."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.filters import filter as spectral_filter
from longnn.graphs.checks import check_count, check_range
from longnn.operators.protocol import Operator
from polybases import Combination, MatVec, Recurrence, evaluate, favard

Basis = Callable[[], Recurrence]
"""A module whose call returns the polynomials, as those of ``polybases.modules``."""

Coefficients = Callable[[], Float[Array, "K1 C"]]
"""A module whose call returns theta, as those of ``longnn.models.coefficients``."""


class Series(nnx.Module):
    """A filter g_c(S) = sum_k theta_kc p_k(S); filters differ in :meth:`terms`."""

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """Returns the basis of order K, with leaves [K] or [K, C], and theta, where C = 1 if it is
        shared.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no terms()")

    def __call__(
        self, operator: Operator | MatVec, h: Float[Array, "N *channels"]
    ) -> Float[Array, "N *channels"]:
        """Filters node signals: g_c(S) h_c in each channel c."""
        return spectral_filter(operator, *self.terms(), h)

    def hops(self) -> int:
        """Returns the order K: a node's signal depends on those within K edges."""
        return len(jax.eval_shape(lambda: self.terms()[1])) - 1

    def response(self, x: Float[Array, "*points"]) -> Float[Array, "*points C"]:
        """Returns the response g_c(x).

        Args:
            x: [...] points x = 1 - lambda in [-1, 1].

        Returns:
            [..., C] values, or [..., 1] where the channels share the filter.
        """
        recurrence, theta = self.terms()
        values = evaluate(recurrence, x[..., None])
        return jnp.sum(theta.reshape(len(theta), *[1] * x.ndim, -1) * values, axis=0)

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns values that are worth a curve, by name; none unless a filter names them."""
        return {}


class InBasis(Series):
    """A series whose basis and whose coefficients are modules.

    Args:
        basis: a module whose call returns a Recurrence.
        coefficients: a module whose call returns theta.
    """

    def __init__(self, basis: Basis, coefficients: Coefficients):
        self.basis, self.coefficients = basis, coefficients

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`Series`."""
        return self.basis(), self.coefficients()

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns alpha and beta, where the basis has them and learns them."""
        learned = nnx.state(self.basis, nnx.Param)
        names = ("alpha", "beta") if learned else ()
        return {n: jnp.mean(getattr(self.basis, n)) for n in names if hasattr(self.basis, n)}


class Fixed(nnx.Module):
    """A basis that is not learned, as a module.

    Args:
        make: (order, dtype=...) -> Recurrence, a module-level function such as
            ``polybases.legendre``.
        order: highest degree K.
        dtype: data type of the recurrence's coefficients.
    """

    def __init__(
        self, make: Callable[..., Recurrence], order: int, *, dtype: DTypeLike = jnp.float32
    ):
        self.make, self.order, self.dtype = make, order, jnp.dtype(dtype)

    def __call__(self) -> Recurrence:
        """Returns the basis."""
        return self.make(self.order, dtype=self.dtype)


class Tridiagonal(nnx.Module):
    """Any orthonormal basis with p_0 = 1, by its recurrence coefficients, from where it is told.

    u_{k+1} p_{k+1} = (x - d_k) p_k - u_k p_{k-1}; by Favard's theorem every choice of d and u > 0
    is orthonormal under some weight of mass 1. Both belong to the optimizer group "basis", u by a
    softplus.

    Args:
        start: [2, K] the diagonal d and the off-diagonal u > 0 in the beginning.
        learnable: whether they are parameters, or keep their initial values.
        dtype: data type of the parameters.

    Raises:
        ValueError: if the shape is another one, or a concrete u is not positive.
    """

    def __init__(
        self,
        start: Float[ArrayLike, "2 K"],
        learnable: bool = True,
        *,
        dtype: DTypeLike = jnp.float32,
    ):
        values = jnp.asarray(start, dtype)
        if values.ndim != 2 or len(values) != 2:
            raise ValueError(
                "a recurrence needs its diagonal and its off-diagonal as an array [2, K], got one "
                f"of shape {values.shape}"
            )
        check_range("the off-diagonal of a recurrence", values[1], 0, float("inf"), "()")
        variable = nnx.Param if learnable else nnx.Variable
        self.diagonal = variable(values[0], group="basis")
        self.raw_upper = variable(values[1] + jnp.log(-jnp.expm1(-values[1])), group="basis")

    def __call__(self) -> Recurrence:
        """Returns the basis at the current parameters."""
        return favard(self.diagonal[...], jax.nn.softplus(self.raw_upper[...]))


class NonNegative(Series):
    """A series sum_j relu(gamma_j) b_j in functions b_j that all channels share.

    gamma starts at 1 and belongs to the optimizer group "coefficients".

    Args:
        make: (order, dtype=...) -> the functions b_j, for instance ``polybases.bernstein``.
        order: highest degree K >= 1.
        dtype: data type of gamma.

    Raises:
        ValueError: if order < 1.
    """

    def __init__(
        self, make: Callable[..., Combination], order: int, *, dtype: DTypeLike = jnp.float32
    ):
        self.make, self.order = make, check_count("order (the highest degree K)", order)
        self.gamma = nnx.Param(jnp.ones(order + 1, dtype), group="coefficients")

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`Series`."""
        gamma = jax.nn.relu(self.gamma[...])
        functions = self.make(self.order, dtype=gamma.dtype)
        return functions.recurrence, functions.coefficients(gamma)[:, None]


def give_one_basis(filters: Sequence[object]) -> None:
    """Gives all filters the basis of the first one, where it is a module that may learn.

    The basis of other series is not learned, so that filters of one kind share it anyway.

    Args:
        filters: of one kind, >= 1.

    Raises:
        ValueError: if they are no series in a basis of lambda.
    """
    for one in filters:
        if not isinstance(one, Series):
            raise ValueError(
                f"shared_basis=True is for filters that are series in a basis of lambda, and a "
                f"{type(one).__name__} is none; leave shared_basis out"
            )
        if isinstance(one, InBasis):
            one.basis = filters[0].basis  # type: ignore[attr-defined]


def have_one_basis(one: object, other: object) -> bool:
    """Whether two filters have the same module as their basis."""
    return getattr(one, "basis", one) is getattr(other, "basis", other)
