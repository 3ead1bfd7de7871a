"""What a chunk of epochs takes: static settings, parameters, data and rates."""

from typing import Literal, NamedTuple

from jax import Array
from jaxtyping import Float

from polybases import exponent
from polybases.scales import Scale

Method = Literal["nesterov", "adam"]


class Setup(NamedTuple):
    """The settings that decide shapes; a program is compiled for each of them.

    Attributes:
        basis, order, scale: the basis, see :func:`longnn.fitting.make_basis`.
        learnable: whether the exponents are trained.
        method: "nesterov" (accelerated descent on theta with steps from the Gram matrix) or "adam";
            the exponents are trained by Adam in both cases.
        epochs: number of epochs of the chunk.
    """

    basis: str
    order: int
    scale: Scale
    learnable: bool
    method: Method
    epochs: int


class Parameters(NamedTuple):
    """Coefficients theta, and exponents, unconstrained (``raw_exponent``) if they are learned."""

    theta: Float[Array, "K1 P C"]
    alpha: Float[Array, "P 1"]
    beta: Float[Array, "P 1"]


class Data(NamedTuple):
    """Signals x (c = C or 1), targets y, 1 for nodes that count, and the ridge, in float32."""

    x: Float[Array, "N P c"]
    y: Float[Array, "N P C"]
    mask: Float[Array, " N"]
    ridge: Float[Array, "P c"]


class Rates(NamedTuple):
    """The rates of theta and of the exponents at epoch 0, and their factor at epoch ``total``."""

    theta: Float[Array, ""]
    exponents: Float[Array, ""]
    fall: Float[Array, ""]
    total: Float[Array, ""]


def exponents(
    setup: Setup, params: Parameters
) -> tuple[Float[Array, "*fits P 1"], Float[Array, "*fits P 1"]]:
    """Returns alpha and beta."""
    if setup.learnable:
        return exponent(params.alpha), exponent(params.beta)
    return params.alpha, params.beta
