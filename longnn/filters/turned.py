"""Operators as the rules of a filter take them: pytrees with a product, and with a transpose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from longnn.operators.protocol import Operator
from longnn.operators.transforms import static
from longnn.operators.varying import axes_of, varying_alike
from polybases.operators import MatVec, as_matvec, check_matvec
from polybases.symmetry import check_symmetric


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Closure:
    """A bare function t -> S t with the arrays that it closed over made explicit."""

    captured: list[Any]
    program: Any = static()

    one_shape = True  # see ``batch_as_columns``

    def matvec(self, x: Array) -> Array:
        """S x, for signals of the shape that the function was traced with."""
        product = jaxpr_as_fun(ClosedJaxpr(self.program, self.captured))(x)[0]
        return varying_alike((product, x))[0]


def closed(matvec: Callable[[Array], Array], x: Array) -> Closure:
    """The function as a pytree; ``x`` has the shape of the signals, and varies as they do.

    Raises:
        ValueError: if the product varies over more axes of a mesh than x.
    """
    program = jax.make_jaxpr(matvec)(x)
    more = sorted(axes_of(program.out_avals) - axes_of(x), key=str)
    if more:
        raise ValueError(
            f"S x varies over the axes {more} of the mesh, where neither x nor theta does; mark x "
            f"with jax.lax.pcast(x, {tuple(more)}, to='varying')"
        )
    return Closure(list(program.consts), program.jaxpr)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Turning:
    """An operator that is not real and symmetric, with its adjoint.

    Attributes:
        forward: S.
        backward: its adjoint S^H, which is S again where S is Hermitian.
        turned: whether this is the transpose, S^T t = conj(S^H conj(t)).
    """

    forward: Operator
    backward: Operator
    turned: bool = static(False)

    @property
    def one_shape(self) -> bool:
        """Whether one of them is meant for signals of one shape."""
        return any(getattr(part, "one_shape", False) for part in (self.forward, self.backward))

    def matvec(self, x: Array) -> Array:
        """S x, or S^T x."""
        if not self.turned:
            return self.forward.matvec(x)
        return jnp.conj(self.backward.matvec(jnp.conj(x)))


def turn(operator: Any) -> Any:
    """The transpose of an operator; all but :class:`Turning` are real and symmetric."""
    return (
        replace(operator, turned=not operator.turned) if isinstance(operator, Turning) else operator
    )


def acting(operator: Any, x: Array, adjoint: MatVec | None, check: bool) -> Any:
    """The operator as a pytree with ``matvec``, checked on signals like x, with its transpose.

    Args:
        operator, adjoint, check: as of ``longnn.filter``.
        x: [N, ...], and varying over every axis of a mesh that another argument varies over.
    """
    if not is_pytree(operator):
        matvec = as_matvec(operator, x.dtype)
        check_matvec(matvec, x)
        if check:
            check_symmetric(matvec, x, adjoint)
        operator = closed(matvec, x)
    elif not is_complex(x) and any(map(is_complex, jax.tree.leaves(operator))):
        raise ValueError(
            f"a complex operator needs a complex signal, got one of {x.dtype}; convert it, for "
            "instance with x.astype(jnp.complex64)"
        )
    if adjoint is not None:
        matvec = as_matvec(adjoint, x.dtype)
        check_matvec(matvec, x)
        return Turning(operator, closed(matvec, x))
    return Turning(operator, operator) if is_complex(x) else operator


def is_pytree(operator: Any) -> bool:
    """Whether this is a pytree with ``matvec``; what is not is traced, with what it closes over."""
    return hasattr(operator, "matvec") and not jax.tree_util.all_leaves([operator])


def is_complex(array: Any) -> bool:
    """Whether an array, of jax or not, has a complex dtype."""
    return jnp.issubdtype(getattr(array, "dtype", None) or float, jnp.complexfloating)


def is_real(operator: Any) -> bool:
    """Whether this is an operator of ours with real entries, whose sweeps are for real signals."""
    ours = getattr(operator, "of_reals", False)
    return ours and not any(map(is_complex, jax.tree.leaves(operator)))
