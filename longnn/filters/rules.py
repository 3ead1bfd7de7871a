"""Sums of polynomials of an operator and their adjoints, with derivatives of every order.

With F(theta, x) = sum_k theta_k p_k(S) x and P_k(x, g) = g^T p_k(S) x, each derivative of one is
made of both again: F is linear in theta and in x, P in x and in g, and a change of the basis is a
change of theta (``longnn.filters.moved``). A reverse derivative of F in theta and x is one sweep.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from longnn.filters.columns import batch_as_columns
from longnn.filters.moved import connection_change
from longnn.filters.panels import Panel, adjoints, into_panels, joined, sums
from longnn.filters.turned import turn
from longnn.operators.exported import exporting
from longnn.operators.linear import Rule, along
from longnn.operators.protocol import Operator, Sweeping
from polybases import Recurrence

NO_OPERATOR = (
    "longnn.filter gives no derivative in its operator (edge weights); differentiate "
    "polybases.weighted_sum(recurrence, theta, operator.matvec, x) instead"
)


@batch_as_columns
def _sum_of_terms(operator: Operator, anchor: Recurrence, theta: Array, x: Array) -> Array:
    anchor = _as_given(anchor)
    if isinstance(operator, Sweeping) and not exporting():
        return operator.filter_sum(anchor, theta, x)
    return joined(sums(operator, _panels(operator, anchor, theta, x)), x.shape)


@batch_as_columns
def _adjoint(
    operator: Operator, anchor: Recurrence, theta: Array, x: Array, g: Array
) -> tuple[Array, Array]:
    """(P_k [K+1, ...], F(theta, g) [N, ...]) by the sweep Q_k = p_k(S) g."""
    anchor = _as_given(anchor)
    if isinstance(operator, Sweeping) and not exporting():
        return operator.filter_adjoint(anchor, theta, x, g)
    dtheta, dx = adjoints(operator, _panels(operator, anchor, theta, x, g))
    return joined(dtheta, theta.shape), joined(dx, x.shape)


def _leading(anchor: Recurrence) -> Recurrence:
    """Every leaf with an axis before the columns, as batches want it."""
    return Recurrence(anchor.first[None], *anchor[1:4])


def _as_given(anchor: Recurrence) -> Recurrence:
    return Recurrence(anchor.first[0], *anchor[1:4])


def _panels(operator: Operator, anchor: Recurrence, theta: Array, *signals: Array) -> list[Panel]:
    if getattr(operator, "one_shape", False):  # a function of the user's, meant for this shape
        return [Panel(anchor, theta, signals)]
    return into_panels(operator, anchor, theta, *signals)


def _sum(operator: Operator, basis: Recurrence, theta: Array, x: Array) -> Array:
    return _sum_of_terms(operator, _leading(basis), theta, x)


def _changed_sum(fixed: Any, _: Any, changes: Any) -> Array:
    operator, basis, theta, x = fixed
    doperator, dbasis, dtheta, dx = changes
    if doperator is not None:
        raise ValueError(NO_OPERATOR)
    if dbasis is not None:
        moved = jnp.sum(theta[:, None] * _moved(operator, basis, dbasis), axis=0)
        dtheta = moved if dtheta is None else dtheta + moved
    if dx is None:
        return BY_THETA((operator, basis, x), dtheta)
    if dtheta is None:
        return BY_X((operator, basis, theta), dx)
    return BY_BOTH(fixed, (dtheta, dx))


def _moved(operator: Operator, basis: Recurrence, change: Recurrence) -> Array:
    return connection_change(basis, change, written_out=getattr(operator, "written_out", 0))


def _projected(fixed: Any, g: Array) -> Array:
    operator, basis, x = fixed
    theta = jnp.zeros_like(x, shape=(basis.order + 1, *x.shape[1:]))
    return _adjoint(turn(operator), _leading(basis), theta, x, g)[0]


def _changed_projection(fixed: Any, g: Array, changes: Any) -> Array:
    operator, basis, _ = fixed
    doperator, dbasis, dx = changes
    if doperator is not None:
        raise ValueError(NO_OPERATOR)
    parts = []
    if dbasis is not None:
        terms = PROJECTION(fixed, g)
        parts.append(jnp.sum(_moved(operator, basis, dbasis) * terms[None], axis=1))
    if dx is not None:
        parts.append(PROJECTION((turn(operator), basis, g), dx))
    return sum(parts[1:], parts[0])


SUM: Rule = Rule(lambda fixed, _: _sum(*fixed), _changed_sum)
"""F(theta, x) of (operator, basis, theta, x)."""

BY_THETA: Rule = Rule(
    lambda fixed, theta: _sum(fixed[0], fixed[1], theta, fixed[2]),
    lambda fixed, theta, changes: along(
        lambda operator, basis, x: SUM((operator, basis, theta, x)), fixed, changes
    ),
    lambda: PROJECTION,
    like=lambda fixed, _: fixed[2],
)
"""F(theta, x) of (operator, basis, x), linear in theta."""

PROJECTION: Rule = Rule(_projected, _changed_projection, lambda: BY_THETA)
"""P(x, g) of (operator, basis, x), linear in g."""

BY_X: Rule = Rule(
    lambda fixed, x: _sum(fixed[0], fixed[1], fixed[2], x),
    lambda fixed, x, changes: along(lambda *some: SUM((*some, x)), fixed, changes),
    lambda: BY_X_TURNED,
    like=lambda _, x: x,
)
"""F(theta, x) of (operator, basis, theta), linear in x."""

BY_X_TURNED: Rule = Rule(
    lambda fixed, g: _sum(turn(fixed[0]), fixed[1], fixed[2], g),
    lambda fixed, g, changes: along(
        lambda operator, *some: SUM((turn(operator), *some, g)), fixed, changes
    ),
    lambda: BY_X,
)
"""The same with the transpose of the operator."""

BY_BOTH: Rule = Rule(
    lambda fixed, both: (
        _sum(fixed[0], fixed[1], both[0], fixed[3]) + _sum(fixed[0], fixed[1], fixed[2], both[1])
    ),
    lambda fixed, both, changes: along(
        lambda operator, basis, theta, x: (
            SUM((operator, basis, both[0], x)) + SUM((operator, basis, theta, both[1]))
        ),
        fixed,
        changes,
    ),
    lambda: ADJOINT,
    like=lambda _, both: both[1],
)
"""F(dtheta, x) + F(theta, dx) of (operator, basis, theta, x), linear in (dtheta, dx)."""

ADJOINT: Rule = Rule(
    lambda fixed, g: _adjoint(turn(fixed[0]), _leading(fixed[1]), *fixed[2:], g),
    lambda fixed, g, changes: along(
        lambda operator, basis, theta, x: (
            PROJECTION((operator, basis, x), g),
            BY_X((turn(operator), basis, theta), g),
        ),
        fixed,
        changes,
    ),
    lambda: BY_BOTH,
)
"""(P(x, g), the transpose of F(theta, .) at g) of (operator, basis, theta, x), linear in g."""
