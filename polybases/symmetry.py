"""Whether an operator is what gradients of filters take it for: its own adjoint."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from polybases.operators import MatVec, as_matvec
from polybases.signals import Signal, check_signal, is_complex


def check_symmetric(
    operator: Any, like: Signal, adjoint: MatVec | None = None, *, seed: int = 0
) -> None:
    """Raises unless <u, S v> = <S u, v> for one pair of random signals u and v.

    An operator that is not symmetric (Hermitian, on complex signals) gives wrong gradients
    without a word, so filters ask. Where S closes over traced values there is nothing to compare,
    and nothing is raised.

    Args:
        operator: t -> S t, or another kind of :func:`as_matvec`.
        like: a signal of the shape and dtype to multiply; its values do not matter.
        adjoint: t -> S^H t, to be compared with instead of S.
        seed: of the random signals.

    Raises:
        ValueError: if the two products differ by more than rounding, or are not finite.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> polybases.check_symmetric(jnp.array([[0.0, 1.0], [1.0, 0.0]]), jnp.ones(2))
        >>> polybases.check_symmetric(jnp.array([[0.0, 1.0], [0.0, 0.0]]), jnp.ones(2))
        Traceback (most recent call last):
        ...
        ValueError: the operator is not symmetric: <u, S v> = 0.0132, but <S u, v> = -0.0846; ...
    """
    leaves, tree = jax.tree.flatten(like)
    shapes = [jax.ShapeDtypeStruct(jnp.shape(leaf), check_signal(leaf).dtype) for leaf in leaves]
    if any(getattr(jax.typeof(leaf), "vma", None) for leaf in leaves):
        return  # a part of a signal, inside shard_map
    random = np.random.default_rng(seed)
    u, v = ([_normal(random, shape) for shape in shapes] for _ in range(2))
    forward = _concrete(as_matvec(operator, shapes[0].dtype), tree, shapes)
    backward = forward if adjoint is None else _concrete(adjoint, tree, shapes)
    if forward is None or backward is None:
        return
    image, other = forward(v), backward(u)
    one, two = _inner(u, image), _inner(other, v)
    if not (np.isfinite(one) and np.isfinite(two)):
        raise ValueError(f"S times a random signal is not finite: <u, S v> = {one}, {two}")
    allowed = min(30 * float(jnp.finfo(shapes[0].dtype).eps) ** 0.5, 0.1)
    if abs(one - two) > allowed * (_inner(image, image).real + _inner(other, other).real) ** 0.5:
        raise ValueError(_asymmetry(one, two, adjoint is not None))


def _asymmetry(one: complex, two: complex, with_adjoint: bool) -> str:
    if with_adjoint:
        return (
            f"adjoint is not that of the operator: <u, S v> = {one:.3g}, but <S^H u, v> = "
            f"{two:.3g}; give t -> S^T t (for complex S its conjugate)"
        )
    return (
        f"the operator is not symmetric: <u, S v> = {one:.3g}, but <S u, v> = {two:.3g}; give its "
        "adjoint, as filter(..., adjoint=lambda t: S.T @ t), or a symmetric operator"
    )


def _normal(random: np.random.Generator, shape: jax.ShapeDtypeStruct) -> np.ndarray:
    values = random.standard_normal(shape.shape)
    if is_complex(shape.dtype):
        values = values + 1j * random.standard_normal(shape.shape)
    return values.astype(shape.dtype)


def _inner(u: list[Any], v: list[Any]) -> complex:
    """<u, v> in double precision; a float where both are real."""
    wide = [[np.asarray(a) for a in part] for part in (u, v)]
    wide = [[a.astype(np.complex128 if is_complex(a.dtype) else float) for a in p] for p in wide]
    return sum((np.vdot(a, b).item() for a, b in zip(*wide, strict=True)), 0.0)


def _concrete(
    matvec: Callable[[Any], Any], tree: Any, shapes: list[jax.ShapeDtypeStruct]
) -> Callable[[list[Any]], list[Any]] | None:
    """The product on lists of leaves, or None if it takes traced values or has effects."""
    program = jax.make_jaxpr(matvec)(tree.unflatten(shapes))
    if program.effects or any(isinstance(c, jax.core.Tracer) for c in program.consts):
        return None

    def run(leaves: list[Any]) -> list[Any]:
        with jax.ensure_compile_time_eval():
            return jaxpr_as_fun(program)(*leaves)

    return run
