"""Polynomial filters of a symmetric operator, with a backward pass that stores no terms."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Inexact, Num

from longnn.filters.rules import SUM
from longnn.filters.turned import acting, is_complex, is_pytree, is_real
from longnn.operators.order import OrderedOperator
from longnn.operators.similar import SimilarOperator
from longnn.operators.varying import varying_alike
from polybases import Recurrence
from polybases.operators import MatVec, flat_matvec
from polybases.recurrence import check_theta, with_rank
from polybases.signals import Signal, check_signal, check_weights, flat_signal, is_array


def filter(  # the field's name; users write longnn.filter
    operator: Any,
    recurrence: Recurrence,
    theta: Num[ArrayLike, "terms *#channels"],
    x: Signal,
    *,
    adjoint: MatVec | None = None,
    check: bool = True,
) -> Signal:
    """g(S) x with g = sum_k theta_k p_k, for a symmetric S.

    The backward pass is one more sweep Q_k = p_k(S) G: dx = sum_k theta_k Q_k and
    dtheta_k = <x, Q_k>; residuals are theta and x. The derivative in the parameters of the basis
    follows from dtheta (``longnn.filters.moved``), without a product with S. Forward mode and
    higher derivatives are made of the same sweeps, on every backend.
    Under ``vmap`` over anything but the operator, the batch becomes columns of one product.

    Where the derivative in the operator is wanted, use the plain
    ``polybases.weighted_sum(recurrence, theta, operator.matvec, x)``.

    Args:
        operator: symmetric (Hermitian, with complex signals), spectrum in the basis' interval; a
            pytree with ``matvec``, or a bare function t -> S t (which may close over traced
            arrays), a matrix, or what else ``polybases.operators`` takes. A ``SimilarOperator`` is
            scaled before and after instead, the nodes of an ``OrderedOperator`` are permuted.
        recurrence: basis of order K; leaves [K, ...] broadcasting against x[0].
        theta: [K+1, ...] weights; theta[k] broadcasts against x[0].
        x: [N, ...] signals, real or complex; or a pytree of arrays of one dtype, with an operator
            on such pytrees, theta [K+1] and a basis whose parameters are numbers.
        adjoint: t -> S^H t (S^T t where all is real), for an S that is not symmetric.
        check: whether a bare function or a matrix is compared with its adjoint on one pair of
            random signals (``polybases.check_symmetric``), where it closes over no traced values.

    Returns:
        [N, ...] array of the shape and dtype of ``x``, or a pytree of such arrays.

    Raises:
        ValueError: if shapes do not fit, x is not floating point or complex, a bare function is
            not symmetric, or a derivative in the operator (its edge weights, say) is asked for,
            which this rule does not give.
        TypeError: if ``operator`` is nothing that multiplies.
    """
    if not is_array(x):
        flat, unravel = flat_signal(x, recurrence.first, check_theta(recurrence, theta)[0])
        both = (
            None if one is None else flat_matvec(one, flat.dtype, unravel)
            for one in (operator, adjoint)
        )
        matvec, adjoint = both
        return unravel(filter(matvec, recurrence, theta, flat, adjoint=adjoint, check=check))
    x = check_signal(x)
    theta = check_theta(recurrence, theta)
    _check_shapes(recurrence, theta, x)
    if is_complex(x) and adjoint is None and is_real(operator):
        return _of_parts(operator, recurrence, theta, x, check)
    theta = check_weights(theta, x.dtype)
    rank = x.ndim - 1
    theta = theta.reshape(len(theta), *(1,) * (rank - (theta.ndim - 1)), *theta.shape[1:])
    first, diagonal, upper, lower = (jnp.asarray(leaf, x.dtype) for leaf in recurrence[:4])
    recurrence = with_rank(Recurrence(first, diagonal, upper, lower), rank)
    if adjoint is None and isinstance(operator, SimilarOperator | OrderedOperator):
        return operator.outside(filter(operator.symmetric, recurrence, theta, operator.inside(x)))
    theta = jnp.broadcast_to(theta, (len(theta), *x.shape[1:]))
    told = operator if is_pytree(operator) else ()
    recurrence = _alike(recurrence, x.shape[1:])
    told, recurrence, theta, x = varying_alike((told, recurrence, theta, x))
    operator = acting(told if is_pytree(operator) else operator, x, adjoint, check)
    return SUM((operator, recurrence, theta, x))


def _of_parts(
    operator: Any, recurrence: Recurrence, theta: Array, x: Array, check: bool
) -> Inexact[Array, "N *channels"]:
    """The filter of a real operator, by one sweep over real and imaginary parts."""
    parts = jnp.stack([x.real, x.imag])

    def of(weights: Array) -> Array:
        one = lambda part: filter(operator, recurrence, weights, part, check=check)  # noqa: E731
        return jax.lax.complex(*jax.vmap(one)(parts))

    if not is_complex(theta):
        return of(theta)
    real, imaginary = of(theta.real), of(theta.imag)
    return jax.lax.complex(real.real - imaginary.imag, real.imag + imaginary.real)


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


def _alike(basis: Recurrence, shape: tuple[int, ...]) -> Recurrence:
    """Every leaf with the trailing shape of the signals.

    Also where all columns share a basis: sums over columns inside of the derivative are wrong in
    XLA of jax 0.10 on a CPU, for a batch of one with 48 columns or more in float32.
    """
    diagonal, upper, lower = (jnp.broadcast_to(leaf, (len(leaf), *shape)) for leaf in basis[1:4])
    return Recurrence(jnp.broadcast_to(basis.first, shape), diagonal, upper, lower)
