"""Polynomial filters of a symmetric operator, with a backward pass that stores no terms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap

from longnn.operators import Operator, Sweeping
from longnn.similar import SimilarOperator
from longnn.sweeps import Panel, adjoints, joined, panels, sums
from longnn.transforms import refuse_gradient, static
from polybases import MatVec, Recurrence, connection
from polybases.recurrence import check_real, check_theta, with_rank


def filter(  # the field's name; users write longnn.filter
    operator: Operator | MatVec, recurrence: Recurrence, theta: Array, x: Array
) -> Array:
    """g(S) x with g = sum_k theta_k p_k, for a symmetric S.

    The backward pass is one more sweep Q_k = p_k(S) G: dx = sum_k theta_k Q_k and
    dtheta_k = <x, Q_k>; residuals are theta and x. The derivative in the parameters of the basis
    goes through its connection matrix with itself as a constant anchor, never through the graph.
    Under ``vmap`` over anything but the operator, the batch becomes columns of one product.

    Reverse mode only. Where forward mode or the derivative in the operator is wanted, use the
    plain ``polybases.weighted_sum(recurrence, theta, operator.matvec, x)``.

    Args:
        operator: symmetric, spectrum in the basis' interval; a pytree with ``matvec``, or a bare
            function t -> S t (which may close over traced arrays). A ``SimilarOperator`` is
            scaled before and after instead.
        recurrence: basis of order K; leaves [K, ...] broadcasting against x[0].
        theta: [K+1, ...] weights; theta[k] broadcasts against x[0].
        x: [N, ...] signals.

    Returns:
        [N, ...] array of the shape and dtype of ``x``.

    Raises:
        ValueError: if shapes do not fit, x is not real, or a derivative in the operator (its edge
            weights, say) is asked for, which this rule does not give.
    """
    x = check_real(x)
    theta = check_theta(recurrence, theta).astype(x.dtype)
    _check_shapes(recurrence, theta, x)
    rank = x.ndim - 1
    theta = theta.reshape(len(theta), *(1,) * (rank - (theta.ndim - 1)), *theta.shape[1:])
    recurrence = with_rank(Recurrence(*(jnp.asarray(a, x.dtype) for a in recurrence[:4])), rank)
    if isinstance(operator, SimilarOperator):
        return operator.outside(filter(operator.symmetric, recurrence, theta, operator.inside(x)))
    if not hasattr(operator, "matvec"):
        operator = _closed(operator, x)
    anchor = jax.lax.stop_gradient(recurrence)
    c = connection(recurrence, anchor)
    drift = c - jax.lax.stop_gradient(c)  # zero in value, the exact derivative in the basis
    theta = theta + jnp.einsum("kj...,k...->j...", drift, theta)
    theta = jnp.broadcast_to(theta, (len(theta), *x.shape[1:]))
    return _apply(operator, anchor, theta, x)


def _check_shapes(recurrence: Recurrence, theta: Array, x: Array) -> None:
    if x.ndim < 1:
        raise ValueError("x must have shape [N, ...], got a scalar; use polybases.evaluate")
    for name, shape in {
        "theta": theta.shape[1:],
        "recurrence": jnp.shape(recurrence.first),
    }.items():
        pairs = zip(reversed(shape), reversed(x.shape[1:]))
        if len(shape) > x.ndim - 1 or any(size not in (1, full) for size, full in pairs):
            raise ValueError(
                f"the trailing shape {shape} of {name} must broadcast to the shape {x.shape[1:]} "
                f"of one node's signal (x has shape {x.shape})"
            )


@jax.custom_vjp
def _apply(operator: Operator, anchor: Recurrence, theta: Array, x: Array) -> Array:
    return _sum_of_terms(operator, anchor, theta, x)


def _apply_forward(operator: Any, anchor: Any, theta: Any, x: Any) -> tuple[Array, Any]:
    operator = refuse_gradient(
        operator,
        "longnn.filter gives no derivative in its operator (edge weights); differentiate "
        "polybases.weighted_sum(recurrence, theta, operator.matvec, x) instead",
    )
    anchor, theta, x = jax.tree.map(lambda p: p.value, (anchor, theta, x))
    return _sum_of_terms(operator, anchor, theta, x), (operator, anchor, theta, x)


def _apply_backward(residuals, g):
    operator, anchor, theta, x = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, jnp.zeros_like(theta), jnp.zeros_like(x)
    dtheta, dx = _adjoint(operator, anchor, theta, x, g)
    return None, None, dtheta, dx


_apply.defvjp(_apply_forward, _apply_backward, symbolic_zeros=True)


def _batch_as_columns(function: Callable) -> Callable:
    """Makes vmap turn members into columns: x [B, N, ...] is swept as one [N, B, ...].

    ``function(operator, anchor, theta, *signals)`` with theta [K+1, ...] and signals [N, ...];
    its results have the node or order axis first.
    """
    wrapped = custom_vmap(function)

    @wrapped.def_vmap
    def _(axis_size, in_batched, operator, anchor, theta, *signals):
        operator_batched, anchor_batched, *array_batched = in_batched
        if any(jax.tree.leaves(operator_batched)) or isinstance(operator, _Closure):
            axes = jax.tree.map(lambda b: 0 if b else None, in_batched)
            args = (operator, anchor, theta, *signals)
            out = jax.vmap(function, axes, axis_size=axis_size)(*args)
            return out, jax.tree.map(lambda _: True, out)
        anchor = _anchor_columns(anchor, anchor_batched)
        arrays = [
            jnp.moveaxis(a, 0, 1)
            if batched
            else jnp.broadcast_to(a[:, None], (a.shape[0], axis_size, *a.shape[1:]))
            for a, batched in zip((theta, *signals), array_batched, strict=True)
        ]
        out = wrapped(operator, anchor, *arrays)
        out = jax.tree.map(lambda a: jnp.moveaxis(a, 1, 0), out)
        return out, jax.tree.map(lambda _: True, out)

    return wrapped


def _anchor_columns(anchor: Recurrence, batched: Any) -> Recurrence:
    """Leaves of full rank, [B, K, ...] or [K, ...] -> [K, B, ...]."""
    first = anchor.first if batched.first else anchor.first[None]
    rest = [
        jnp.moveaxis(leaf, 0, 1) if is_batched else leaf[:, None]
        for leaf, is_batched in zip(anchor[1:4], batched[1:4], strict=True)
    ]
    return Recurrence(first, *rest)


@_batch_as_columns
def _sum_of_terms(operator: Operator, anchor: Recurrence, theta: Array, x: Array) -> Array:
    if isinstance(operator, Sweeping):
        return operator.filter_sum(anchor, theta, x)
    return joined(sums(operator, _panels(operator, anchor, theta, x)), x.shape)


@_batch_as_columns
def _adjoint(
    operator: Operator, anchor: Recurrence, theta: Array, x: Array, g: Array
) -> tuple[Array, Array]:
    """(dtheta [K+1, ...], dx [N, ...]) of the sweep Q_k = p_k(S) g."""
    if isinstance(operator, Sweeping):
        return operator.filter_adjoint(anchor, theta, x, g)
    dtheta, dx = adjoints(operator, _panels(operator, anchor, theta, x, g))
    return joined(dtheta, theta.shape), joined(dx, x.shape)


def _panels(
    operator: Operator, anchor: Recurrence, theta: Array, *signals: Array
) -> Sequence[Panel]:
    if isinstance(operator, _Closure):  # a function of the user's, meant for this shape
        return [Panel(anchor, theta, signals)]
    return panels(operator, anchor, theta, *signals)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Closure:
    """A bare matvec with the traced arrays that it closed over made explicit."""

    captured: list[Array]
    function: Callable = static()

    def matvec(self, x: Array) -> Array:
        return self.function(x, *self.captured)


def _closed(matvec: MatVec, x: Array) -> _Closure:
    function, captured = jax.closure_convert(matvec, x)
    return _Closure(list(captured), function)
