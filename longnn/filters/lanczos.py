"""Filters in the Lanczos vectors of their own signal, with a backward pass written out."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from longnn.filters.columns import batch_as_columns
from longnn.operators.exported import exporting
from longnn.operators.linear import Rule, along
from longnn.operators.order import OrderedOperator
from longnn.operators.protocol import Operator, Sweeping
from longnn.operators.similar import SimilarOperator
from longnn.operators.transforms import refuse_gradient
from longnn.operators.varying import varying_alike
from polybases.lanczos import inner, three_term, three_term_step, unit
from polybases.recurrence import check_real

PANEL = 1 << 18
"""Numbers of a signal that stay in the caches with the vectors made from it."""


def lanczos_filter(
    operator: Operator, theta: Real[Array, "terms #C"], x: Float[ArrayLike, "N C"]
) -> Float[Array, "N C"]:
    """sum_k theta_k v_k with v_k the Lanczos vectors of x (``polybases.OptBasis``), by channels.

    Reverse mode makes the v_k of some columns at a time again and takes one more product with S
    for each; nothing but theta and x is kept for it. No derivative in the operator. Under ``vmap``
    members become columns. Products are in full precision, on which the vectors' orthogonality
    rests.

    Args:
        operator: symmetric.
        theta: [K+1, C].
        x: [N, C]; a channel of zeros gives zeros.

    Returns:
        [N, C].

    Raises:
        ValueError: if shapes do not fit, x is not real, or a derivative in the operator is asked
            for.
    """
    x = check_real(x)
    if theta.ndim != 2 or x.ndim != 2 or theta.shape[1] not in (1, x.shape[1]):
        raise ValueError(
            f"theta must have shape [K+1, C] for a signal [N, C], got {theta.shape} and {x.shape}"
        )
    theta = jnp.broadcast_to(theta.astype(x.dtype), (len(theta), x.shape[1]))
    return _apply(*varying_alike((_in_full(operator), theta, x)))


def lanczos_coefficients(
    operator: Operator, order: int, x: Float[Array, "N *channels"]
) -> tuple[Float[Array, "*channels"], Float[Array, "K *channels"], Float[Array, "K *channels"]]:
    """The recurrence that the Lanczos vectors obey: lengths_{k+1} v_{k+1} = (S - a_k) v_k
    - lengths_k v_{k-1}, v_0 = x / lengths_0.

    Args:
        operator: symmetric.
        order: K >= 1.
        x: [N, C].

    Returns:
        (lengths_0 [C], a [K, C], lengths_1 to lengths_K [K, C]); a length is 0 where the Krylov
        space is exhausted.
    """
    _, diagonal, lengths = three_term(_in_full(operator).matvec, order, x)
    return lengths[0], diagonal, lengths[1:]


def _in_full(operator: Any) -> Any:  # any operator, of a user's too
    """The operator with products in full precision, where it has others."""
    if isinstance(operator, SimilarOperator | OrderedOperator):
        return replace(operator, symmetric=_in_full(operator.symmetric))
    mixed = getattr(operator, "precision", "full") == "mixed"
    return replace(operator, precision="full") if mixed else operator


@jax.custom_vjp
def _apply(operator: Operator, theta: Array, x: Array) -> Array:
    return _SUM((operator, theta, x))


def _forward(operator: Any, theta: Any, x: Any) -> tuple[Array, Any]:
    operator = refuse_gradient(
        operator, "lanczos_filter gives no derivative in its operator; use polybases.OptBasis"
    )
    return _SUM((operator, theta.value, x.value)), (operator, theta.value, x.value)


def _backward(residuals, g):
    operator, theta, x = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, jnp.zeros_like(theta), jnp.zeros_like(x)
    return None, *_ADJOINT((operator, theta, x, g))


_apply.defvjp(_forward, _backward, symbolic_zeros=True)


@batch_as_columns
def _sum(operator: Operator, theta: Array, x: Array) -> Array:
    """The filter alone, without keeping the vectors."""
    if isinstance(operator, Sweeping) and not exporting():
        return operator.lanczos_sum(theta, x)
    return _plain_sum(operator, theta, x)


def _plain_sum(operator: Operator, theta: Array, x: Array) -> Array:
    first, length = unit(x, jnp.zeros_like(x[0]))

    def step(carry, weight):
        previous, current, length, total = carry
        following, _, length = three_term_step(operator.matvec, previous, current, length)
        return (current, following, length, total + weight * following), None

    start = (jnp.zeros_like(x), first, jnp.zeros_like(length), theta[0] * first)
    return jax.lax.scan(step, start, theta[1:])[0][-1]


@batch_as_columns
def _adjoint(operator: Operator, theta: Array, x: Array, g: Array) -> tuple[Array, Array]:
    """(dtheta [K+1, ...], dx [N, ...]), the vectors made again."""
    if isinstance(operator, Sweeping) and not exporting():
        return operator.lanczos_adjoint(theta, x, g)
    return _plain_adjoint(operator, theta, x, g)


def _plain_adjoint(operator: Operator, theta: Array, x: Array, g: Array) -> tuple[Array, Array]:
    width = _panel(operator, x)
    if width is None:
        return _panel_adjoint(operator, theta, x, g)

    def cut(a: Array) -> Array:
        flat = a.reshape(len(a), -1)
        padded = jnp.pad(flat, [(0, 0), (0, -flat.shape[1] % width)])
        return jnp.moveaxis(padded.reshape(len(a), -1, width), 1, 0)

    def join(parts: Array, like: Array) -> Array:
        flat = jnp.moveaxis(parts, 0, 1).reshape(len(like), -1)
        return flat[:, : like.size // len(like)].reshape(like.shape)

    parts = jax.lax.map(
        lambda panel: _panel_adjoint(operator, *panel), (cut(theta), cut(x), cut(g))
    )
    return join(parts[0], theta), join(parts[1], x)


def _panel(operator: Operator, x: Array) -> int | None:
    """Columns that are taken together, so that the vectors stay in the caches; None for all."""
    columns = x.size // max(len(x), 1)
    width = max(16, PANEL // max(len(x), 1) // 16 * 16)
    return None if getattr(operator, "one_shape", False) or columns <= width else width


def _panel_adjoint(operator: Operator, theta: Array, x: Array, g: Array) -> tuple[Array, Array]:
    """Through every v_{k+1} = unit(S v_k - a_k v_k - length_k v_{k-1})."""
    terms, diagonal, lengths = three_term(operator.matvec, len(theta) - 1, x)
    before = jnp.concatenate([jnp.zeros_like(terms[:1]), terms[:-2]])  # v_{k-1}
    link = lengths[:-1].at[0].set(0)  # length_k as the step uses it
    steps = (theta[:-1], before, terms[:-1], terms[1:], diagonal, link, lengths[1:])

    def step(carry, inputs):
        c, rest, dlength = carry  # of v_{k+1}; what v_k has so far; of length_{k+1}
        weight, v0, v1, v2, a, link, length = inputs
        du = _unit_adjoint(c, v2, length) + dlength * v2
        da = -inner(du, v1)
        product = length * v2 + a * v1 + link * v0  # S v_k
        c = weight * g + rest + operator.matvec(du) - a * du + 2 * da * product
        return (c, -link * du, -inner(du, v0)), None

    start = (theta[-1] * g, jnp.zeros_like(g), jnp.zeros_like(lengths[0]))
    (c, _, _), _ = jax.lax.scan(step, start, steps, reverse=True)
    return jnp.sum(terms * g, axis=1), _unit_adjoint(c, terms[0], lengths[0])


def _unit_adjoint(c: Array, unit: Array, length: Array) -> Array:
    inverse = jnp.where(length > 0, 1 / jnp.where(length > 0, length, 1), 0)
    return (c - inner(c, unit) * unit) * inverse


_SUM = Rule(
    lambda fixed, _: _sum(*fixed), lambda fixed, _, changes: along(_plain_sum, fixed, changes)
)
_ADJOINT = Rule(
    lambda fixed, _: _adjoint(*fixed),
    lambda fixed, _, changes: along(_plain_adjoint, fixed, changes),
)
