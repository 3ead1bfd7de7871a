"""Two layers on sparse features in one native pass: dropout(relu(X W + b)) V."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_batching import custom_vmap
from jax.typing import ArrayLike
from jaxtyping import Float, PRNGKeyArray

from longnn.models.dropout import key_words, threshold
from longnn.operators.native.rows import NativeRows, check_dtype
from longnn.operators.products import NO_DERIVATIVE, sum_rows
from longnn.operators.transforms import refuse_gradient

PARTS = 16
"""Parts of the nodes that the backward pass sums on its own: kParts of layers.h."""


class Kept(NamedTuple):
    """The dropout of the hidden layer as the kernels take it."""

    words: Array  # [2] uint32 of the key, or [0] for evaluation
    threshold: Array  # uint32
    scale: Array  # 1 / (1 - rate)


def fused_layers(
    rows: NativeRows,
    columns: NativeRows,
    values: Float[Array, " nnz"],
    first: Float[Array, "F H"],
    bias: Float[Array, " H"],
    second: Float[Array, "H C"],
    rate: ArrayLike,
    key: PRNGKeyArray | None,
) -> Float[Array, "N C"]:
    """Returns dropout(relu(X W + b)) V, differentiable in W, b and V in reverse mode.

    Args:
        rows: pattern of X [N, F].
        columns: pattern of X^T.
        values: [nnz] values of X.
        first: [F, H] matrix W.
        bias: [H] vector b.
        second: [H, C] matrix V.
        rate: rate of the dropout, in [0, 1).
        key: the dropout's key, or None for evaluation.
    """
    check_dtype(first)
    if key is None:
        none = jnp.zeros(0, jnp.uint32)
        kept = Kept(none, jnp.zeros((), jnp.uint32), jnp.ones((), first.dtype))
    else:
        kept = Kept(key_words(key), threshold(rate), 1 / (1 - jnp.asarray(rate, first.dtype)))
    return _layers(rows, columns, values, first, bias, second, kept)


@jax.custom_vjp
def _layers(
    rows: Any, columns: Any, values: Any, first: Any, bias: Any, second: Any, kept: Kept
) -> Array:
    return _evaluate(rows, values, first, bias, second, kept)[1]


def _layers_forward(rows, columns, values, first, bias, second, kept):
    fixed = refuse_gradient((rows, columns, values, kept), NO_DERIVATIVE)
    rows, columns, values, kept = fixed
    first, bias, second = (weight.value for weight in (first, bias, second))
    hidden, z = _train(rows, values, first, bias, second, kept)
    return z, (columns, values, hidden, second, kept.scale)


def _layers_backward(residuals, g):
    columns, values, hidden, second, scale = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        g = jnp.zeros(g.shape, g.dtype)
    before, dsecond, dbias = _adjoint(hidden, second, scale, g)
    return None, None, None, sum_rows(columns, values, before), dbias, dsecond, None


_layers.defvjp(_layers_forward, _layers_backward, symbolic_zeros=True)


def _members(size: int, batched: Any, tree: Any) -> Any:
    """Leaves [B, ...], copied where they are not batched."""
    copy = lambda leaf: jnp.broadcast_to(leaf, (size, *leaf.shape))  # noqa: E731
    return jax.tree.map(lambda leaf, b: leaf if b else copy(leaf), tree, batched)


def _forward_pass(*, keep_hidden: bool) -> Callable:
    """(hidden [N, H], or [0] unless it is kept; z [N, C]) of one member, or of all under vmap."""

    @custom_vmap
    def one(rows, values, *weights_and_kept):
        together = jax.tree.map(lambda leaf: leaf[None], (values, *weights_and_kept))
        return [part[0] for part in _call(rows, *together, keep_hidden=keep_hidden)]

    @one.def_vmap
    def _(axis_size, in_batched, rows, values, *weights_and_kept):
        rows_batched, values_batched, *batched = in_batched
        if any(jax.tree.leaves(rows_batched)):
            raise ValueError("vmap over the features themselves is not supported; loop over graphs")
        values = values if values_batched else values[None]
        together = _members(axis_size, tuple(batched), weights_and_kept)
        return _call(rows, values, *together, keep_hidden=keep_hidden), [True, True]

    return one


_evaluate = _forward_pass(keep_hidden=False)
_train = _forward_pass(keep_hidden=True)


def _call(
    rows: NativeRows,
    values: Array,
    first: Array,
    bias: Array,
    second: Array,
    kept: Kept,
    *,
    keep_hidden: bool,
) -> list[Array]:
    """The kernel on members: values [B or 1, nnz], all else [B, ...]."""
    members, nodes, width = first.shape[0], rows.shape[0], first.shape[2]
    shapes = ((members, nodes if keep_hidden else 0, width), (members, nodes, second.shape[2]))
    results = [jax.ShapeDtypeStruct(shape, first.dtype) for shape in shapes]
    call = jax.ffi.ffi_call(f"longnn_layers_{first.dtype.name}", results)
    pattern = (rows.start, rows.columns, rows.entries, rows.chunks)
    return list(call(*pattern, values, first, bias, second, *kept))


@custom_vmap
def _adjoint(hidden: Array, second: Array, scale: Array, g: Array) -> list[Array]:
    """(derivative before the activation [N, H], dV [H, C], db [H])."""
    return [part[0] for part in _call_adjoint(hidden[None], second[None], scale[None], g[None])]


@_adjoint.def_vmap
def _(axis_size, in_batched, *arguments):
    out = _call_adjoint(*_members(axis_size, tuple(in_batched), arguments))
    return out, [True] * len(out)


def _call_adjoint(hidden: Array, second: Array, scale: Array, g: Array) -> list[Array]:
    members, _, width = hidden.shape
    lanes = 64 // hidden.dtype.itemsize
    scratch = members * PARTS * (second.shape[2] + 1) * (-(-width // lanes) * lanes)
    shapes = (hidden.shape, second.shape, (members, width), (scratch,))
    results = [jax.ShapeDtypeStruct(shape, hidden.dtype) for shape in shapes]
    call = jax.ffi.ffi_call(f"longnn_layers_adjoint_{hidden.dtype.name}", results)
    return list(call(hidden, second, scale, g))[:3]
