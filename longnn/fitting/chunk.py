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
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from longnn.fitting.accelerated import Nesterov, nesterov, step_sizes
from longnn.fitting.bases import Basis, make_basis, penalty
from longnn.operators.protocol import Operator
from polybases import Recurrence, connection, exponent
from polybases.scales import Scale

Method = Literal["nesterov", "adam"]

ADAM = optax.scale_by_adam(eps=1e-12)  # of theta: gradients become as small as the residual is
ADAM_EXPONENTS = optax.scale_by_adam(eps=1e-6)  # theirs are noise once theta has converged


class Setup(NamedTuple):
    """What decides shapes: the program is compiled for it.

    Attributes:
        basis, order, scale: of `longnn.fitting.bases.make_basis`.
        learnable: whether the exponents are trained.
        method: "nesterov" (accelerated descent on theta with steps from the Gram matrix) or "adam";
            the exponents go by Adam either way.
        epochs: of the chunk.
    """

    basis: str
    order: int
    scale: Scale
    learnable: bool
    method: Method
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


def initial(setup: Setup, params: Parameters) -> tuple[Any, Any]:
    """States of the two optimizers, of theta and of the exponents."""
    count = jnp.zeros(params.theta.shape[1:], params.theta.dtype)
    of_theta = (
        Nesterov(params.theta, count) if setup.method == "nesterov" else ADAM.init(params.theta)
    )
    return of_theta, ADAM_EXPONENTS.init(params[1:])


@partial(jax.jit, static_argnames="setup")
def run_chunk(
    setup: Setup,
    operator: Operator,
    data: Data,
    rates: Rates,
    params: Parameters,
    state: tuple[Any, Any],
    start: Array,
) -> tuple[Parameters, tuple[Any, Any], Parameters, Array]:
    """``setup.epochs`` epochs.

    Args:
        setup: static.
        operator: S in float32.
        data: what is fitted.
        rates: falling geometrically with the epoch; "nesterov" needs none for theta.
        params: at the start.
        state: of the optimizers.
        start: scalar, epochs done before.

    Returns:
        Parameters, states, the parameters after each epoch (leading dimension), and the mean
        squared errors [P, C] at the start.
    """
    anchor = _basis(setup, params)
    terms = anchor.expand(operator.matvec, data.x)
    residual = data.y - jnp.sum(params.theta[:, None] * terms, axis=0)
    residual, terms = (data.mask[:, None, None] * values for values in (residual, terms))
    size = jnp.sum(data.mask)
    gram = jnp.einsum("knpc,lnpc->klpc", terms, terms, precision="highest") / size
    projected = jnp.sum(terms * residual, axis=1) / size
    before = params.theta

    def loss(params: Parameters) -> tuple[Array, Array]:
        change, basis = _change(setup, params, anchor, before)
        quadratic = change * (jnp.sum(gram * change, axis=1) - 2 * projected)
        weights = data.ridge * _penalty(basis, params.theta)
        return jnp.sum(quadratic + weights * params.theta**2), weights

    def step(carry: Any, _: None) -> tuple[Any, Parameters]:
        params, (of_theta, of_exponents), epoch = carry
        gradient, weights = jax.grad(loss, has_aux=True)(params)
        factor = rates.fall ** (epoch / rates.total)
        if setup.method == "nesterov":
            inverse = step_sizes(_in_basis(setup, params, anchor, gram), weights)
            theta, of_theta = nesterov(params.theta, gradient.theta, inverse, of_theta)
        else:
            direction, of_theta = ADAM.update(gradient.theta, of_theta)
            theta = params.theta - rates.theta * factor * direction
        directions, of_exponents = ADAM_EXPONENTS.update(gradient[1:], of_exponents)
        rate = rates.exponents * factor
        params = Parameters(theta, *(e - rate * d for e, d in zip(params[1:], directions)))
        return (params, (of_theta, of_exponents), epoch + 1), params

    (params, state, _), path = jax.lax.scan(step, (params, state, start), length=setup.epochs)
    return params, state, path, jnp.sum(residual**2, axis=0) / size


def _basis(setup: Setup, params: Parameters) -> Basis:
    return make_basis(setup.basis, setup.order, *exponents(setup, params), setup.scale)


def _change(setup: Setup, params: Parameters, anchor: Basis, before: Array) -> tuple[Array, Basis]:
    """Change of the coefficients in the anchor's basis [K+1, P, C], and the current basis."""
    if not setup.learnable:
        return params.theta - before, anchor
    basis = _basis(setup, params)
    matrix = _connection(basis, anchor)
    return jnp.sum(params.theta[:, None] * matrix, axis=0) - before, basis


def _connection(basis: Basis, anchor: Basis) -> Array:
    assert isinstance(basis, Recurrence)
    assert isinstance(anchor, Recurrence)
    return connection(basis, anchor)


def _in_basis(setup: Setup, params: Parameters, anchor: Basis, gram: Array) -> Array:
    """The Gram matrix [K+1, K+1, P, c] in the current basis, C G C^T."""
    if not setup.learnable:
        return gram
    matrix = _connection(_basis(setup, params), anchor)[..., 0]
    return jnp.einsum("kip,ijpc,ljp->klpc", matrix, gram, matrix, precision="highest")


def _penalty(basis: Basis, theta: Array) -> Array:
    """[K+1, P or 1, 1] weights of theta^2 in the ridge."""
    weights = jnp.asarray(penalty(basis), theta.dtype)
    return weights.reshape(len(weights), *(weights.shape[1:] or (1, 1)))
