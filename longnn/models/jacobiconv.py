"""JacobiConv: a linear embedding and a fixed Jacobi basis (arXiv 2205.11172)."""

import math
from typing import Literal, Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range, check_word
from longnn.models.coefficients import Decomposed
from longnn.models.model import Setting
from longnn.models.series import InBasis
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, jacobi
from polybases.recurrence import NO_WEIGHT

Convention = Literal["jacobi", "jacobiconv"]


class JacobiConv(Spectral):
    """A linear embedding and a fixed basis of Jacobi polynomials (JacobiConv).

    Z_c = sum_k theta_kc P_k(S) H_c with H = X W + c and the Jacobi polynomials P_k in the standard
    scale. theta is decomposed (polynomial coefficient decomposition, arXiv 2205.11172, eq. 12);
    alpha and beta are fixed. The optimizer groups are "mlp", "decomposition" (eta) and
    "coefficients" (w).

    The paper's figures were made with the sign of the (alpha^2 - beta^2) term of the recurrence
    (its eq. 21) flipped. ``convention="jacobiconv"`` computes that sequence, so that values of
    alpha and beta tuned with it keep their meaning.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: exponent at x = 1 (low frequencies), > -1 unless the convention is "jacobiconv".
        beta: exponent at x = -1 (high frequencies), in the same range.
        gamma0: scale of the factors of the decomposition, > 0.
        convention: "jacobi" (DLMF 18.3.1) or "jacobiconv" (the published sign).
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`;
            ``embedding="linear"`` is the default here.

    Raises:
        ValueError: if a setting is unknown or lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 1.0,
        beta: ArrayLike = 1.0,
        gamma0: ArrayLike = 1.0,
        convention: Convention = "jacobi",
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            basis = FixedJacobi(order, alpha, beta, convention, dtype=dtype)
            return InBasis(basis, Decomposed(jnp.ones(order + 1), channels, gamma0, dtype=dtype))

        body = {"embedding": "linear", **body}
        super().__init__(in_features, classes, make, **body)


class FixedJacobi(nnx.Module):
    """Jacobi polynomials in the standard scale, with exponents that are not learned."""

    def __init__(
        self,
        order: int,
        alpha: ArrayLike,
        beta: ArrayLike,
        convention: Convention = "jacobi",
        *,
        dtype: DTypeLike = jnp.float32,
    ):
        check_word("convention", convention, Convention)
        low = -1 if convention == "jacobi" else -math.inf
        check_range("alpha", alpha, low, math.inf, "()")
        check_range("beta", beta, low, math.inf, "()")
        self.order, self.convention = order, convention
        self.alpha = Setting(jnp.asarray(alpha, dtype))
        self.beta = Setting(jnp.asarray(beta, dtype))

    def __call__(self) -> Recurrence:
        """Returns the basis at its exponents."""
        alpha, beta = self.alpha[...], self.beta[...]
        if self.convention == "jacobiconv":
            return flipped_jacobi(self.order, alpha, beta)
        return jacobi(self.order, alpha, beta, "standard")


def flipped_jacobi(order: int, alpha: Float[Array, ""], beta: Float[Array, ""]) -> Recurrence:
    """Returns JacobiConv's published sequence: a_k of P_{k+1}, k >= 1, has the opposite sign.

    P_0 = 1, P_1 = (alpha - beta)/2 + (alpha + beta + 2)/2 x, and for k >= 1
    P_{k+1} = (A_k x - B_k) P_k - C_k P_{k-1} with the coefficients of DLMF 18.9.2, whose sign of
    B_k is the other one. These are Jacobi polynomials only where alpha^2 = beta^2. No domain is
    checked: values are finite except at poles, of which alpha = beta = -1 is one.

    Args:
        order: highest degree K >= 1.
        alpha: exponent at x = 1, a scalar.
        beta: exponent at x = -1, a scalar.
    """
    k = jnp.arange(1, order, dtype=alpha.dtype)
    total = alpha + beta
    a = (2 * k + total + 1) * (2 * k + total + 2) / (2 * (k + 1) * (k + total + 1))
    b = (
        (alpha**2 - beta**2) * (2 * k + total + 1)
        / (2 * (k + 1) * (k + total + 1) * (2 * k + total))
    )  # fmt: skip
    c = (
        (k + alpha) * (k + beta) * (2 * k + total + 2)
        / ((k + 1) * (k + total + 1) * (2 * k + total))
    )  # fmt: skip
    slope = jnp.concatenate([(total + 2)[None] / 2, a])
    shift = jnp.concatenate([(beta - alpha)[None] / 2, b])
    back = jnp.concatenate([jnp.zeros_like(slope[:1]), c])
    ones = jnp.ones_like(alpha)
    return Recurrence(ones, shift / slope, 1 / slope, back / slope, NO_WEIGHT)
