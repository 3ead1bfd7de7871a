"""Bases of every order: what a series needs whose degree grows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array
from jaxtyping import Real

from polybases.recurrence import Recurrence
from polybases.series import truncate


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["parameters"],
    meta_fields=["function", "settings"],
)
@dataclass(frozen=True)
class Family:
    """A function of the order with its parameters; a pytree whose leaves are the parameters.

    Attributes:
        function: order, *parameters -> Recurrence, such as ``polybases.jacobi``.
        parameters: numbers and arrays, which may be learned, by name.
        settings: what else the function takes, such as its scale, as (name, value) pairs.
    """

    function: Callable[..., Recurrence]
    parameters: dict[str, Real[Array, "..."]]
    settings: tuple[tuple[str, Any], ...]

    def __call__(self, order: int) -> Recurrence:
        """The basis of this order."""
        return self.function(order, **self.parameters, **dict(self.settings))


Basis = Recurrence | Family | Callable[[int], Recurrence]
"""What a series takes: a basis, or a function of the order that builds one."""


def as_family(basis: Basis) -> Recurrence | Family:
    """A Recurrence as it is, and a function of the order as a pytree.

    Args:
        basis: Recurrence with scalar parameters, or a function such as ``polybases.legendre`` or
            ``functools.partial(polybases.jacobi, alpha=0.5, beta=-0.5)``. Numbers and arrays among
            the keywords become leaves, so that they may be traced and learned.

    Raises:
        TypeError: if it is neither, or the function builds no Recurrence.
        ValueError: if the parameters of a basis are not scalars or out of range, or a partial has
            positional ones.
    """
    family = basis if isinstance(basis, Recurrence | Family) else _from_function(basis)
    # the parameters are checked here: in compiled programs they are traced
    shortest = family if isinstance(family, Recurrence) else family(0)
    if not isinstance(shortest, Recurrence):
        raise TypeError(
            "a series needs a three-term basis, and its function returned "
            f"{type(shortest).__name__}; take a function such as polybases.legendre"
        )
    if np.ndim(shortest.first):
        raise ValueError(
            "a series needs a basis with scalar parameters, got leaves with trailing dimensions "
            f"{np.shape(shortest.first)}; use jax.vmap over several series"
        )
    return family


def _from_function(basis: Callable[[int], Recurrence]) -> Family:
    if not callable(basis):
        raise TypeError(
            "a series needs a Recurrence, such as polybases.legendre(8), or a function of the "
            f"order, such as polybases.legendre, got {type(basis).__name__}"
        )
    if not isinstance(basis, partial):
        return Family(basis, {}, ())
    if basis.args:
        raise ValueError(
            "the first argument of a family is its order, so functools.partial must name the "
            "others: functools.partial(polybases.jacobi, alpha=0.5, beta=-0.5)"
        )
    numbers = {name: value for name, value in basis.keywords.items() if _is_numeric(value)}
    others = tuple(pair for pair in sorted(basis.keywords.items()) if pair[0] not in numbers)
    return Family(basis.func, numbers, others)


def terms(basis: Recurrence | Family, order: int) -> Recurrence:
    """The basis of exactly this order.

    Raises:
        ValueError: if a Recurrence is too short.
    """
    if isinstance(basis, Family):
        return basis(order)
    if order > basis.order:
        raise ValueError(
            f"a result of degree {order} does not fit into a basis of order {basis.order}; build "
            f"the series on a basis of order >= {order}, or on a function of the order, such as "
            "polybases.legendre, which serves every degree"
        )
    return truncate(basis, order)


def common(left: Recurrence | Family, right: Recurrence | Family) -> Recurrence | Family | None:
    """The one of two bases that serves both, or None where they are not known to agree."""
    if same(left, right):
        return left
    if isinstance(left, Recurrence) and isinstance(right, Recurrence):
        short, long = sorted((left, right), key=lambda basis: basis.order)
        return long if same(truncate(long, short.order), short) else None
    return None


def same(left: Any, right: Any) -> bool:
    """Whether two pytrees are known to be equal: traced leaves only are where they are one."""
    structures: list[Any] = [jax.tree.structure(tree) for tree in (left, right)]
    leaves = zip(jax.tree.leaves(left), jax.tree.leaves(right))
    return structures[0] == structures[1] and all(_equal(a, b) for a, b in leaves)


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    traced = any(isinstance(leaf, jax.core.Tracer) for leaf in (a, b))
    return not traced and np.array_equal(np.asarray(a), np.asarray(b))


def _is_numeric(value: Any) -> bool:
    # an int may be a count, such as N of the discrete families, which shapes depend on
    return isinstance(value, float | np.floating | np.ndarray | Array)
