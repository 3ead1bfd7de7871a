"""Epochs of gradient fitting as one compiled program, in float32.

The loss is quadratic in the change d of the coefficients since the residual r was computed,

    |r|^2 - 2 <b, d> + <d, G d>,    b = T^T r,    G = T^T T,

with the terms T = p_k(S) x on the nodes that count, so that an epoch costs products with the
(K+1) x (K+1) matrix G only. A chunk of epochs starts by propagating x in the basis at the current
exponents; r is computed from those terms, so that its rounding is of the residual's size and not of
the target's: squared errors far below eps |y|^2 are resolved. Within the chunk a change of the
exponents acts through the connection to that basis, whose derivative is exact.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from longnn.fitting.bases import Basis, make_basis, penalty
from longnn.operators import Operator
from polybases import Recurrence, connection, exponent
from polybases.scales import Scale

ADAM = optax.scale_by_adam(eps=1e-12)  # gradients at the optimum are as small as its residual


class Setup(NamedTuple):
    """What decides shapes: the program is compiled for it.

    Attributes:
        basis, order, scale: of `longnn.fitting.bases.make_basis`.
        learnable: whether the exponents are trained.
        epochs: of the chunk.
    """

    basis: str
    order: int
    scale: Scale
    learnable: bool
    epochs: int


class Parameters(NamedTuple):
    """theta [K+1, P, C]; alpha and beta [P, 1], unconstrained (``raw_exponent``) if learnable."""

    theta: Array
    alpha: Array
    beta: Array


class Data(NamedTuple):
    """Signals x [N, P, c] (c = C or 1), targets y [N, P, C], mask [N], ridge [P, c]; float32."""

    x: Array
    y: Array
    mask: Array
    ridge: Array


class Rates(NamedTuple):
    """Scalars: rate of theta and of the exponents at epoch 0, and their factor at ``total``."""

    theta: Array
    exponents: Array
    fall: Array
    total: Array


def exponents(setup: Setup, params: Parameters) -> tuple[Array, Array]:
    """(alpha, beta) [P, 1]."""
    if setup.learnable:
        return exponent(params.alpha), exponent(params.beta)
    return params.alpha, params.beta


@partial(jax.jit, static_argnames="setup")
def run_chunk(
    setup: Setup,
    operator: Operator,
    data: Data,
    rates: Rates,
    params: Parameters,
    state: Any,
    start: Array,
) -> tuple[Parameters, Any, Parameters, Array]:
    """``setup.epochs`` epochs of Adam.

    Args:
        setup: static.
        operator: S in float32.
        data: what is fitted.
        rates: of Adam, falling geometrically with the epoch.
        params: at the start.
        state: of Adam.
        start: scalar, epochs done before.

    Returns:
        Parameters, Adam's state, the parameters after each epoch (leading dimension), and the
        squared errors [P, C] at the start.
    """
    anchor = _basis(setup, params)
    terms = anchor.expand(operator.matvec, data.x)
    residual = data.y - jnp.sum(params.theta[:, None] * terms, axis=0)
    residual, terms = (data.mask[:, None, None] * values for values in (residual, terms))
    gram = jnp.einsum("knpc,lnpc->klpc", terms, terms, precision="highest")
    projected = jnp.sum(terms * residual, axis=1)
    before = params.theta

    def loss(params: Parameters) -> Array:
        change, norms = _change(setup, params, anchor, before)
        quadratic = change * (jnp.sum(gram * change, axis=1) - 2 * projected)
        return jnp.sum(quadratic + data.ridge * norms * params.theta**2)

    def step(carry: Any, _: None) -> tuple[Any, Parameters]:
        params, state, epoch = carry
        direction, state = ADAM.update(jax.grad(loss)(params), state)
        factor = rates.fall ** (epoch / rates.total)
        rate = Parameters(rates.theta, rates.exponents, rates.exponents)
        params = jax.tree.map(lambda p, d, r: p - r * factor * d, params, direction, rate)
        return (params, state, epoch + 1), params

    carry = params, state, start
    (params, state, _), path = jax.lax.scan(step, carry, length=setup.epochs)
    return params, state, path, jnp.sum(residual**2, axis=0)


def _basis(setup: Setup, params: Parameters) -> Basis:
    return make_basis(setup.basis, setup.order, *exponents(setup, params), setup.scale)


def _change(setup: Setup, params: Parameters, anchor: Basis, before: Array) -> tuple[Array, Array]:
    """Change of the coefficients in the anchor's basis [K+1, P, C], and the penalty's weights."""
    theta, basis = params.theta, anchor
    if setup.learnable:
        basis = _basis(setup, params)
        assert isinstance(basis, Recurrence)
        assert isinstance(anchor, Recurrence)
        theta = jnp.sum(theta[:, None] * connection(basis, anchor), axis=0)
    weights = jnp.asarray(penalty(basis), theta.dtype)
    return theta - before, weights.reshape(len(weights), *weights.shape[1:] or (1, 1))
