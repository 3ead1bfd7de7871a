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
from typing import TypeAlias

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Float

from longnn.fitting._accelerated import Nesterov, nesterov, step_sizes
from longnn.fitting._parameters import Data, Parameters, Rates, Setup, exponents
from longnn.fitting._ridge import penalty
from longnn.fitting.bases import Basis, make_basis
from longnn.operators.protocol import Operator
from polybases import Recurrence, connection

_ADAM = optax.scale_by_adam(eps=1e-12)  # of theta: gradients become as small as the residual is
_ADAM_EXPONENTS = optax.scale_by_adam(eps=1e-6)  # theirs are noise once theta has converged


State: TypeAlias = tuple[Nesterov | optax.OptState, optax.OptState]
"""The states of the two optimizers: of theta, and of the exponents."""

Carry: TypeAlias = tuple[Parameters, State, Array]
"""What an epoch hands over to the next: parameters, states, and its number."""


def initial(setup: Setup, params: Parameters) -> State:
    """Returns the states of the optimizers at the start."""
    count = jnp.zeros(params.theta.shape[1:], params.theta.dtype)
    of_theta = (
        Nesterov(params.theta, count) if setup.method == "nesterov" else _ADAM.init(params.theta)
    )
    return of_theta, _ADAM_EXPONENTS.init(params[1:])


@partial(jax.jit, static_argnames="setup")
def run_chunk(
    setup: Setup,
    operator: Operator,
    data: Data,
    rates: Rates,
    params: Parameters,
    state: State,
    start: Float[Array, ""],
) -> tuple[Parameters, State, Parameters, Float[Array, "P C"]]:
    """Runs ``setup.epochs`` epochs.

    Args:
        setup: the static settings.
        operator: S in float32.
        data: the signals and targets.
        rates: the rates, which fall geometrically with the epoch; "nesterov" needs none for theta.
        params: the parameters at the start.
        state: the states of the optimizers at the start.
        start: the number of epochs done before, a scalar.

    Returns:
        The parameters and states at the end, the parameters after each epoch (with a leading
        dimension), and the mean squared errors at the start.
    """
    anchor = _basis(setup, params)
    terms = anchor.expand(operator.matvec, data.x)
    residual = data.y - jnp.sum(params.theta[:, None] * terms, axis=0)
    residual, terms = (data.mask[:, None, None] * values for values in (residual, terms))
    size = jnp.sum(data.mask)
    gram = jnp.einsum("knpc,lnpc->klpc", terms, terms, precision="highest") / size
    projected = jnp.sum(terms * residual, axis=1) / size
    before = params.theta

    def loss(
        params: Parameters,
    ) -> tuple[Float[Array, ""], Float[Array, "K1 *ridge"]]:
        change, basis = _change(setup, params, anchor, before)
        quadratic = change * (jnp.sum(gram * change, axis=1) - 2 * projected)
        weights = data.ridge * _penalty(basis, params.theta)
        return jnp.sum(quadratic + weights * params.theta**2), weights

    def step(carry: Carry, _: None) -> tuple[Carry, Parameters]:
        params, (of_theta, of_exponents), epoch = carry
        gradient, weights = jax.grad(loss, has_aux=True)(params)
        factor = rates.fall ** (epoch / rates.total)
        if setup.method == "nesterov":
            inverse = step_sizes(_in_basis(setup, params, anchor, gram), weights)
            theta, of_theta = nesterov(params.theta, gradient.theta, inverse, of_theta)
        else:
            direction, of_theta = _ADAM.update(gradient.theta, of_theta)
            theta = params.theta - rates.theta * factor * direction
        directions, of_exponents = _ADAM_EXPONENTS.update(gradient[1:], of_exponents)
        rate = rates.exponents * factor
        params = Parameters(theta, *(e - rate * d for e, d in zip(params[1:], directions)))
        return (params, (of_theta, of_exponents), epoch + 1), params

    (params, state, _), path = jax.lax.scan(step, (params, state, start), length=setup.epochs)
    return params, state, path, jnp.sum(residual**2, axis=0) / size


def _basis(setup: Setup, params: Parameters) -> Basis:
    return make_basis(setup.basis, setup.order, *exponents(setup, params), setup.scale)


def _change(
    setup: Setup, params: Parameters, anchor: Basis, before: Float[Array, "K1 P C"]
) -> tuple[Float[Array, "K1 P C"], Basis]:
    """The change of the coefficients in the anchor's basis, and the current basis."""
    if not setup.learnable:
        return params.theta - before, anchor
    basis = _basis(setup, params)
    matrix = _connection(basis, anchor)
    return jnp.sum(params.theta[:, None] * matrix, axis=0) - before, basis


def _connection(basis: Basis, anchor: Basis) -> Array:
    assert isinstance(basis, Recurrence)
    assert isinstance(anchor, Recurrence)
    return connection(basis, anchor)


def _in_basis(
    setup: Setup, params: Parameters, anchor: Basis, gram: Float[Array, "K1 K1 P c"]
) -> Float[Array, "K1 K1 P c"]:
    """The Gram matrix in the current basis, C G C^T."""
    if not setup.learnable:
        return gram
    matrix = _connection(_basis(setup, params), anchor)[..., 0]
    return jnp.einsum("kip,ijpc,ljp->klpc", matrix, gram, matrix, precision="highest")


def _penalty(basis: Basis, theta: Float[Array, "K1 P C"]) -> Float[Array, "K1 p 1"]:
    """The weights of theta^2 in the ridge, p = P or 1."""
    weights = jnp.asarray(penalty(basis), theta.dtype)
    return weights.reshape(len(weights), *(weights.shape[1:] or (1, 1)))
