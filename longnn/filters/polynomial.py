"""Polynomial filters of a symmetric operator, with a backward pass that stores no terms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from longnn.filters.columns import batch_as_columns
from longnn.filters.moved import moved_basis
from longnn.filters.panels import Panel, adjoints, into_panels, joined, sums
from longnn.operators.order import OrderedOperator
from longnn.operators.protocol import Operator, Sweeping
from longnn.operators.similar import SimilarOperator
from longnn.operators.transforms import refuse_gradient, static
from polybases import MatVec, Recurrence
from polybases.recurrence import check_real, check_theta, with_rank


def filter(  # the field's name; users write longnn.filter
    operator: Operator | MatVec,
    recurrence: Recurrence,
    theta: Real[ArrayLike, "terms *#channels"],
    x: Float[ArrayLike, "N *#channels"],
) -> Float[Array, "N *channels"]:
    """g(S) x with g = sum_k theta_k p_k, for a symmetric S.

    The backward pass is one more sweep Q_k = p_k(S) G: dx = sum_k theta_k Q_k and
    dtheta_k = <x, Q_k>; residuals are theta and x. The derivative in the parameters of the basis
    follows from dtheta (``longnn.filters.moved``), without a product with S.
    Under ``vmap`` over anything but the operator, the batch becomes columns of one product.

    Reverse mode only. Where forward mode or the derivative in the operator is wanted, use the
    plain ``polybases.weighted_sum(recurrence, theta, operator.matvec, x)``.

    Args:
        operator: symmetric, spectrum in the basis' interval; a pytree with ``matvec``, or a bare
            function t -> S t (which may close over traced arrays). A ``SimilarOperator`` is
            scaled before and after instead, the nodes of an ``OrderedOperator`` are permuted.
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
    if isinstance(operator, SimilarOperator | OrderedOperator):
        return operator.outside(filter(operator.symmetric, recurrence, theta, operator.inside(x)))
    if not hasattr(operator, "matvec"):
        operator = _closed(operator, x)
    recurrence = _alike(recurrence)
    theta = jnp.broadcast_to(theta, (len(theta), *x.shape[1:]))
    return _apply(operator, recurrence, theta, x)


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
def _apply(operator: Operator, basis: Recurrence, theta: Array, x: Array) -> Array:
    return _sum_of_terms(operator, _leading(basis), theta, x)


def _apply_forward(operator: Any, basis: Any, theta: Any, x: Any) -> tuple[Array, Any]:
    operator = refuse_gradient(
        operator,
        "longnn.filter gives no derivative in its operator (edge weights); differentiate "
        "polybases.weighted_sum(recurrence, theta, operator.matvec, x) instead",
    )
    learned = any(leaf.perturbed for leaf in jax.tree.leaves(basis))
    basis, theta, x = jax.tree.map(lambda p: p.value, (basis, theta, x))
    kept = (operator, basis, theta, x, basis if learned else None)
    return _sum_of_terms(operator, _leading(basis), theta, x), kept


def _apply_backward(residuals, g):
    operator, basis, theta, x, learned = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, jnp.zeros_like(theta), jnp.zeros_like(x)
    dtheta, dx = _adjoint(operator, _leading(basis), theta, x, g)
    if learned is None:
        return None, None, dtheta, dx
    written_out = getattr(operator, "written_out", 0)
    return None, moved_basis(learned, theta, dtheta, written_out=written_out), dtheta, dx


_apply.defvjp(_apply_forward, _apply_backward, symbolic_zeros=True)


@batch_as_columns
def _sum_of_terms(operator: Operator, anchor: Recurrence, theta: Array, x: Array) -> Array:
    anchor = _as_given(anchor)
    if isinstance(operator, Sweeping):
        return operator.filter_sum(anchor, theta, x)
    return joined(sums(operator, _panels(operator, anchor, theta, x)), x.shape)


@batch_as_columns
def _adjoint(
    operator: Operator, anchor: Recurrence, theta: Array, x: Array, g: Array
) -> tuple[Array, Array]:
    """(dtheta [K+1, ...], dx [N, ...]) of the sweep Q_k = p_k(S) g."""
    anchor = _as_given(anchor)
    if isinstance(operator, Sweeping):
        return operator.filter_adjoint(anchor, theta, x, g)
    dtheta, dx = adjoints(operator, _panels(operator, anchor, theta, x, g))
    return joined(dtheta, theta.shape), joined(dx, x.shape)


def _alike(basis: Recurrence) -> Recurrence:
    """Every leaf with all trailing axes that one of them has."""
    rest = (leaf.shape[1:] for leaf in basis[1:4])
    shape = jnp.broadcast_shapes(basis.first.shape, *rest)
    return Recurrence(
        jnp.broadcast_to(basis.first, shape),
        *(jnp.broadcast_to(leaf, (len(leaf), *shape)) for leaf in basis[1:4]),
    )


def _leading(anchor: Recurrence) -> Recurrence:
    """Every leaf with an axis before the columns, as batches want it."""
    return Recurrence(anchor.first[None], *anchor[1:4])


def _as_given(anchor: Recurrence) -> Recurrence:
    return Recurrence(anchor.first[0], *anchor[1:4])


def _panels(
    operator: Operator, anchor: Recurrence, theta: Array, *signals: Array
) -> Sequence[Panel]:
    if isinstance(operator, _Closure):  # a function of the user's, meant for this shape
        return [Panel(anchor, theta, signals)]
    return into_panels(operator, anchor, theta, *signals)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _Closure:
    """A bare matvec with the traced arrays that it closed over made explicit."""

    captured: list[Array]
    function: Callable = static()

    one_shape = True  # see batch_as_columns

    def matvec(self, x: Array) -> Array:
        return self.function(x, *self.captured)


def _closed(matvec: MatVec, x: Array) -> _Closure:
    function, captured = jax.closure_convert(matvec, x)
    return _Closure(list(captured), function)
