"""Sweeps over panels of columns: a sum of polynomials of an operator, and its adjoint."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Inexact

from longnn.filters.added import Adding, added_adjoint, added_sum
from longnn.operators.protocol import Operator
from polybases import MatVec, Recurrence, weighted_sum


class Panel(NamedTuple):
    """A part of the columns with what belongs to them, in the axes that its operator takes."""

    recurrence: Recurrence
    theta: Inexact[Array, "terms ..."]
    signals: tuple[Inexact[Array, "N ..."], ...]


def into_panels(
    operator: Operator,
    recurrence: Recurrence,
    theta: Inexact[Array, "terms *channels"],
    *signals: Inexact[Array, "N *channels"],
) -> list[Panel]:
    """All trailing axes as one axis of columns, in panels as the operator likes them.

    Compiled loops run through one long axis several times faster than through short ones.

    Args:
        operator: may have ``lanes``, to whole numbers of which columns are padded, and
            ``panels(x)``, how many panels of the columns of x are to be swept side by side.
        recurrence: leaves [K, ...] of the trailing rank of the signals.
        theta: [K+1, ...] of their trailing shape.
        signals: [N, ...] each.
    """
    columns, lanes = signals[0].shape[1:], getattr(operator, "lanes", 1)

    def flat(leaf: Array, leading: int, fill: float = 0.0) -> Array:
        kept = leaf.shape[:leading]
        wide = jnp.broadcast_to(leaf, (*kept, *columns)).reshape(*kept, -1)
        pad = [(0, 0)] * leading + [(0, -wide.shape[-1] % lanes)]
        return jnp.pad(wide, pad, constant_values=fill)

    flat_recurrence = Recurrence(
        flat(recurrence.first, 0),
        flat(recurrence.diagonal, 1),
        flat(recurrence.upper, 1, 1.0),
        flat(recurrence.lower, 1),
    )
    whole = Panel(flat_recurrence, flat(theta, 1), tuple(flat(signal, 1) for signal in signals))
    if not getattr(operator, "written_out", 0):
        # without the barrier XLA changes the layout again in each step
        whole = jax.lax.optimization_barrier(whole)
    width = whole.theta.shape[1]
    count = operator.panels(whole.signals[0]) if hasattr(operator, "panels") else 1
    each = max(lanes * -(-width // (lanes * count)), 1)
    return [
        jax.tree.map(lambda leaf, at=at: leaf[..., at : at + each], whole)
        for at in range(0, max(width, 1), each)
    ]


def joined(
    parts: Sequence[Inexact[Array, "rows ..."]], shape: tuple[int, ...]
) -> Inexact[Array, "rows ..."]:
    """Undoes :func:`into_panels` for one array."""
    columns = parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=-1)
    if columns.shape == shape:
        return columns
    return columns[:, : math.prod(shape[1:])].reshape(shape)


def sums(operator: Operator, parts: Sequence[Panel]) -> list[Inexact[Array, "N ..."]]:
    """sum_k theta_k p_k(S) x of each panel, whose signals are (x,).

    Args:
        operator: with ``matvec``, and maybe ``unroll``, the steps of a loop that are compiled
            together.
        parts: panels.
    """
    if isinstance(operator, Adding) and operator.written_out:
        return [added_sum(operator, part.recurrence, part.theta, *part.signals) for part in parts]
    unroll = getattr(operator, "unroll", 2)
    return [
        weighted_sum(recurrence, theta, operator.matvec, *x, unroll=unroll)
        for recurrence, theta, x in parts
    ]


def adjoints(
    operator: Operator, parts: Sequence[Panel]
) -> tuple[list[Inexact[Array, "terms ..."]], list[Inexact[Array, "N ..."]]]:
    """(dtheta, dx) of each panel, whose signals are (x, g), by the sweep Q_k = p_k(S) g."""
    if isinstance(operator, Adding) and operator.written_out:
        found = [
            added_adjoint(operator, part.recurrence, part.theta, *part.signals) for part in parts
        ]
        return [dtheta for dtheta, _ in found], [dx for _, dx in found]
    signals = [part.signals for part in parts]
    first = [part.recurrence.first * part.signals[1] for part in parts]
    start = [(jnp.zeros_like(q), q, part.theta[0] * q) for q, part in zip(first, parts)]
    steps = [
        (part.theta[1:], part.recurrence.diagonal, part.recurrence.upper, part.recurrence.lower)
        for part in parts
    ]

    # one loop for all panels: two loops would take turns
    def step(carry, coefficients):
        found = [
            _adjoint_step(operator.matvec, x, *both)
            for (x, _), *both in zip(signals, carry, coefficients)
        ]
        return [end for end, _ in found], [projected for _, projected in found]

    # at least two rounds of the loop: XLA would merge all terms into the change of layout after it
    order = len(parts[0].theta) - 1
    unroll = max(min(order, getattr(operator, "unroll", 2)) // 2, 1)
    ends, rest = jax.lax.scan(step, start, steps, unroll=unroll)
    dtheta = [
        jnp.concatenate([jnp.sum(x * q, axis=0)[None], others])
        for (x, _), q, others in zip(signals, first, rest)
    ]
    return dtheta, [dx for _, _, dx in ends]


def _adjoint_step(matvec: MatVec, x: Array, carry: Any, coefficients: Any) -> tuple[Any, Array]:
    previous, current, dx = carry
    weight, d, u, low = coefficients
    # a difference of two arrays is stored by XLA; a product with coefficients it would compute
    # again for each use, and those before it
    following = matvec(current) / u - (d / u * current + low / u * previous)
    return (current, following, dx + weight * following), jnp.sum(x * following, axis=0)
