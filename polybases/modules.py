"""Flax NNX modules: bases whose parameters are learned. The only file here that knows flax."""

from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike

from polybases._favard import favard
from polybases._gegenbauer import check_lambda, gegenbauer
from polybases._jacobi import check_exponent, jacobi
from polybases._krylov import krylov
from polybases.constraints import exponent, raw_exponent
from polybases.discrete import from_nodes
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, check_scale
from polybases.shapes import Numbers, Values


class Jacobi(nnx.Module):
    """Jacobi basis of order K with learnable alpha, beta > -1, orthonormal unless told otherwise.

    Calling it gives the :class:`~polybases.Recurrence` at the current parameters.

    Args:
        order: K >= 0.
        alpha: initial exponent at x = 1, scalar or array (see ``polybases.jacobi``).
        beta: initial exponent at x = -1.
        scale: "orthonormal", "monic" or "standard" (``polybases.jacobi``).
        learnable: whether alpha and beta are parameters, or keep their initial values.
        dtype: of the parameters.

    Raises:
        ValueError: if order < 0, the scale is unknown, or a concrete alpha or beta is not > -1.

    Example:
        >>> from polybases.modules import Jacobi
        >>> basis = Jacobi(3, alpha=0.5, beta=-0.5)
        >>> print(basis.alpha.round(3), basis().order)
        0.5 3
    """

    def __init__(
        self,
        order: SupportsIndex,
        alpha: Numbers = 0.0,
        beta: Numbers = 0.0,
        *,
        scale: Scale = "orthonormal",
        learnable: bool = True,
        dtype: DTypeLike = jnp.float32,
    ) -> None:
        check_exponent("alpha", alpha)
        check_exponent("beta", beta)
        self.order, self.scale = check_order(order), check_scale(scale)
        variable = nnx.Param if learnable else nnx.Variable
        self.raw_alpha = variable(raw_exponent(alpha).astype(dtype), group="basis")
        self.raw_beta = variable(raw_exponent(beta).astype(dtype), group="basis")

    @property
    def alpha(self) -> Values:
        """Current exponent at x = 1."""
        return exponent(self.raw_alpha[...])

    @property
    def beta(self) -> Values:
        """Current exponent at x = -1."""
        return exponent(self.raw_beta[...])

    def __call__(self) -> Recurrence:
        """The basis at the current parameters."""
        return jacobi(self.order, self.alpha, self.beta, self.scale)


class Gegenbauer(nnx.Module):
    """Orthonormal Gegenbauer basis of order K with learnable lambda > -1/2.

    Args:
        order: K >= 0.
        lam: initial lambda.
        dtype: of the parameter.

    Raises:
        ValueError: if order < 0, or a concrete lambda is not > -1/2.

    Example:
        >>> from polybases.modules import Gegenbauer
        >>> print(Gegenbauer(3, lam=1.0)().order)
        3
    """

    def __init__(
        self, order: SupportsIndex, lam: Numbers = 0.5, *, dtype: DTypeLike = jnp.float32
    ) -> None:
        check_lambda(lam)
        self.order = check_order(order)
        raw = raw_exponent(jnp.asarray(lam, dtype) - 0.5)
        self.raw_lam = nnx.Param(raw.astype(dtype), group="basis")

    @property
    def lam(self) -> Values:
        """Current lambda."""
        return exponent(self.raw_lam[...]) + 0.5

    def __call__(self) -> Recurrence:
        """The basis at the current parameter."""
        return gegenbauer(self.order, self.lam)


class Krylov(nnx.Module):
    """Lazy Krylov basis of order K with learnable tau in (0, 1) (``polybases.krylov``).

    Args:
        order: K >= 0.
        tau: initial share of the step, in (0, 1).
        dtype: of the parameter.

    Raises:
        ValueError: if order < 0 or tau is not in (0, 1).

    Example:
        >>> from polybases.modules import Krylov
        >>> print(Krylov(3, tau=0.25).tau.round(3))
        0.25
    """

    def __init__(
        self, order: SupportsIndex, tau: Numbers = 0.5, *, dtype: DTypeLike = jnp.float32
    ) -> None:
        if not isinstance(tau, jax.core.Tracer) and not 0 < np.asarray(tau) < 1:
            raise ValueError(f"tau must lie in (0, 1), got {tau}")
        self.order = check_order(order)
        tau = jnp.asarray(tau, dtype)
        self.raw_tau = nnx.Param(jnp.log(tau / (1 - tau)), group="basis")

    @property
    def tau(self) -> Values:
        """Current share of the step."""
        return jax.nn.sigmoid(self.raw_tau[...])

    def __call__(self) -> Recurrence:
        """The basis at the current parameter."""
        return krylov(self.order, self.tau)


class Favard(nnx.Module):
    """Any orthonormal basis of order K, by its learnable coefficients (``polybases.favard``).

    Starts as the Chebyshev polynomials of the second kind on [-2 upper, 2 upper]: diagonal 0, every
    upper coefficient the same.

    Args:
        order: K >= 0.
        upper: initial value of the off-diagonal, > 0.
        shape: of one coefficient, for instance (C,) for a basis of each of C channels.
        dtype: of the parameters.

    Raises:
        ValueError: if order < 0, or upper is not positive.

    Example:
        >>> from polybases.modules import Favard
        >>> print(Favard(3, shape=(2,))().diagonal.shape)  # one basis for each of two channels
        (3, 2)
    """

    def __init__(
        self,
        order: SupportsIndex,
        *,
        upper: float = 0.5,
        shape: tuple[int, ...] = (),
        dtype: DTypeLike = jnp.float32,
    ) -> None:
        if not upper > 0:
            raise ValueError(f"upper must be positive, got {upper}")
        start = jnp.full((check_order(order), *shape), upper, dtype)
        self.diagonal = nnx.Param(jnp.zeros_like(start), group="basis")
        self.raw_upper = nnx.Param(jnp.log(jnp.expm1(start)), group="basis")

    def __call__(self) -> Recurrence:
        """The basis at the current parameters."""
        return favard(self.diagonal[...], jax.nn.softplus(self.raw_upper[...]))


class Discrete(nnx.Module):
    """Basis orthonormal under learnable points in (-1, 1) with learnable masses that sum to 1.

    Starts at Chebyshev points of equal mass.

    Args:
        order: K >= 0.
        points: M > K.
        dtype: of the parameters.

    Raises:
        ValueError: if order < 0 or M <= K.

    Example:
        >>> from polybases.modules import Discrete
        >>> print(Discrete(3, points=8)().order)
        3
    """

    def __init__(
        self, order: SupportsIndex, points: int, *, dtype: DTypeLike = jnp.float32
    ) -> None:
        self.order = check_order(order)
        if points <= self.order:
            raise ValueError(f"a basis of order {order} needs more than {order} points: {points}")
        nodes = jnp.cos((jnp.arange(points, dtype=dtype) + 0.5) * jnp.pi / points)
        self.raw_nodes = nnx.Param(jnp.arctanh(nodes), group="basis")
        self.raw_weights = nnx.Param(jnp.zeros_like(nodes), group="basis")

    def __call__(self) -> Recurrence:
        """The basis at the current parameters."""
        nodes, weights = jnp.tanh(self.raw_nodes[...]), jax.nn.softmax(self.raw_weights[...])
        return from_nodes(self.order, nodes, weights)
