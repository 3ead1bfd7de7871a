"""What stands for an operator S, and for a signal that it acts on.

An operator is a function t -> S t, an object with ``matvec`` (or ``mv``, as lineax names it), or a
square matrix: of numpy, jax or scipy.sparse, or a ``BCOO`` or ``BCSR`` of
``jax.experimental.sparse``. A signal is a real or complex array, or a pytree of such arrays.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import jaxpr_as_fun
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Inexact, Num, PyTree, Shaped

MatVec = Callable[[Array], Array]
"""t -> S t, which keeps shape and dtype."""

Signal = PyTree[Inexact[ArrayLike, "..."]]
"""A floating or complex array, or a pytree of such arrays."""

ACCEPTED = (
    "a function t -> S t, an object with matvec or mv, or a square matrix (numpy, jax, "
    "scipy.sparse, BCOO, BCSR)"
)


def as_matvec(operator: Any, dtype: DTypeLike) -> MatVec:  # whatever the library's readers bring
    """The product t -> S t of an operator of any kind, for signals of one dtype.

    A matrix multiplies the first axis of t, and is read in the dtype of the signals.

    Args:
        operator: see above.
        dtype: of the signals.

    Raises:
        TypeError: for anything else.
        ValueError: if a matrix is not square, holds no numbers, or is complex where the signals
            are real.

    Example:
        >>> import numpy as np
        >>> swap = as_matvec(np.array([[0, 1], [1, 0]]), np.float32)
        >>> print(swap(jnp.array([3.0, 5.0])))
        [5. 3.]
    """
    for name in ("matvec", "mv"):
        if callable(getattr(operator, name, None)):
            return getattr(operator, name)
    module = type(operator).__module__
    if module.startswith("scipy.sparse") and hasattr(operator, "tocoo"):
        return _of_entries(operator, dtype)
    if module.startswith("jax.experimental.sparse"):
        return _of_sparse(operator, dtype)
    if isinstance(operator, np.ndarray | Array):
        return partial(_dense, _numbers(operator, operator, dtype))
    if callable(operator):
        return operator
    raise TypeError(f"an operator must be {ACCEPTED}; got {type(operator).__name__}")


def _numbers(matrix: Any, entries: Any, dtype: DTypeLike) -> Array:
    """The entries in the dtype of the signals."""
    if len(matrix.shape) != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an operator must be {ACCEPTED}; got a matrix of shape {matrix.shape}")
    return check_entries(entries, dtype)


def check_entries(entries: Shaped[ArrayLike, "..."], dtype: DTypeLike) -> Inexact[Array, "..."]:
    """Entries of S in the dtype of the signals, or a ValueError if they would lose a part.

    Args:
        entries: of numbers.
        dtype: of the signals.
    """
    kind = jnp.dtype(getattr(entries, "dtype", type(entries)))
    if not (jnp.issubdtype(kind, jnp.number) or jnp.issubdtype(kind, bool)):
        raise ValueError(f"a matrix must hold numbers, got dtype {kind}")
    if _is_complex(kind) and not _is_complex(dtype):
        raise ValueError(
            f"a complex matrix needs a complex signal, got one of {jnp.dtype(dtype)}; convert it, "
            "for instance with x.astype(jnp.complex64)"
        )
    return jnp.asarray(entries).astype(dtype)


def _is_complex(dtype: DTypeLike) -> bool:
    return jnp.issubdtype(dtype, jnp.complexfloating)


def _dense(matrix: Array, x: Array) -> Array:
    # a GPU would round float32 to ten bits
    return jnp.tensordot(matrix, x, axes=1, precision="highest")


def _of_entries(matrix: Any, dtype: DTypeLike) -> MatVec:
    entries = matrix.tocsr().tocoo()  # duplicates added up, rows ascending
    places = np.stack([entries.row, entries.col]).astype(np.int32)
    return partial(_gathered, _numbers(matrix, entries.data, dtype), jnp.asarray(places))


def _gathered(values: Array, places: Array, x: Array) -> Array:
    rows, columns = places
    along = values.reshape(-1, *(1,) * (x.ndim - 1))
    return jax.ops.segment_sum(along * x[columns], rows, len(x), indices_are_sorted=True)


def _of_sparse(matrix: Any, dtype: DTypeLike) -> MatVec:
    from jax.experimental.sparse import BCOO, BCSR  # brings scipy.linalg, which takes a while

    if isinstance(matrix, BCSR):
        matrix = matrix.to_bcoo()
    if not isinstance(matrix, BCOO) or matrix.n_batch or matrix.n_dense:
        raise TypeError(
            f"an operator must be {ACCEPTED}; got {type(matrix).__name__}, or one with batch or "
            "dense dimensions"
        )
    values = _numbers(matrix, matrix.data, dtype)
    return partial(_scattered, values, matrix.indices)


def _scattered(values: Array, places: Array, x: Array) -> Array:
    rows, columns = places[:, 0], places[:, 1]
    along = values.reshape(-1, *(1,) * (x.ndim - 1))
    # a BCOO may be padded with entries of places past the end
    taken = along * x.at[columns].get(mode="fill", fill_value=0)
    return jnp.zeros_like(x).at[rows].add(taken, mode="drop")


def check_signal(x: Any) -> Inexact[Array, "..."]:
    """Returns x as an array, or raises ValueError unless it is floating point or complex."""
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise ValueError(
            f"x must be a real or complex floating-point array, got dtype {x.dtype}; "
            "convert it, for instance with x.astype(jnp.float32)"
        )
    return x


def check_matvec(matvec: MatVec, x: Array) -> None:
    """Raises a ValueError unless the product keeps the shape and dtype of x."""
    out = jax.eval_shape(matvec, x)
    got = (getattr(out, "shape", None), getattr(out, "dtype", None))
    if got == (x.shape, x.dtype):
        return
    hint = ""
    if got[1] is not None and _is_complex(got[1]) and not _is_complex(x.dtype):
        hint = f"; a complex operator needs a complex signal, as x.astype({got[1]})"
    raise ValueError(
        f"matvec must keep shape and dtype: given {x.shape} {x.dtype}, "
        f"it returned {got[0]} {got[1]}{hint}"
    )


def is_array(x: Signal) -> bool:
    """Whether a signal is one array, and no pytree of several."""
    return jax.tree_util.all_leaves([x])


def check_weights(theta: Num[Array, "..."], dtype: DTypeLike) -> Inexact[Array, "..."]:
    """Returns weights in the dtype of the signals; a ValueError says where that would lose parts.

    Args:
        theta: weights of the terms.
        dtype: of the signals.
    """
    if _is_complex(theta.dtype) and not _is_complex(dtype):
        raise ValueError(
            f"complex weights theta need a complex signal, got one of {jnp.dtype(dtype)}; take "
            "theta.real, or x.astype(jnp.complex64)"
        )
    return theta.astype(dtype)


def flat_signal(x: Signal, *scalars: Any) -> tuple[Array, Callable[[Array], Signal]]:
    """A pytree as one vector, and the way back.

    Args:
        x: a pytree of arrays of one dtype.
        scalars: what must be one number each, as it has no shape to follow: the parameters of a
            basis, and the weight of a term.

    Raises:
        ValueError: if x has no leaves, or leaves of several dtypes, or a scalar has a shape.
    """
    for scalar in scalars:
        if jnp.shape(scalar) != ():
            raise ValueError(
                "a signal that is a pytree needs one weight for each degree, and a basis whose "
                f"parameters are numbers; got trailing shape {jnp.shape(scalar)}"
            )
    leaves = [check_signal(leaf) for leaf in jax.tree.leaves(x)]
    if len({leaf.dtype for leaf in leaves}) != 1:
        kinds = ", ".join(sorted({str(leaf.dtype) for leaf in leaves})) or "no leaves"
        raise ValueError(f"the leaves of a signal must share one dtype, got {kinds}")
    return ravel_pytree(jax.tree.unflatten(jax.tree.structure(x), leaves))


def flat_matvec(operator: Any, dtype: DTypeLike, unravel: Callable[[Array], Signal]) -> MatVec:
    """The product on vectors of an operator on pytrees, which must keep their structure.

    Args:
        operator: as of :func:`as_matvec`.
        dtype: of the leaves.
        unravel: from the vector to the pytree.
    """
    matvec = as_matvec(operator, dtype)

    def on_vectors(vector: Array) -> Array:
        x = unravel(vector)
        out: Any = matvec(x)  # type: ignore[arg-type]
        kept = jax.tree.structure(out) == jax.tree.structure(x) and all(
            (jnp.shape(a), jnp.result_type(a)) == (b.shape, b.dtype)
            for a, b in zip(jax.tree.leaves(out), jax.tree.leaves(x), strict=True)
        )
        if not kept:
            shapes = lambda tree: jax.tree.map(jax.typeof, tree)  # noqa: E731
            raise ValueError(
                "matvec must keep the structure, shapes and dtypes of the signal: given "
                f"{shapes(x)}, it returned {shapes(out)}"
            )
        return ravel_pytree(out)[0]

    return on_vectors


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
        ValueError: the operator is not symmetric: <u, S v> = 0.13, but <S u, v> = -0.13 ...
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
    if _is_complex(shape.dtype):
        values = values + 1j * random.standard_normal(shape.shape)
    return values.astype(shape.dtype)


def _inner(u: list[Any], v: list[Any]) -> complex:
    """<u, v> in double precision; a float where both are real."""
    wide = [[np.asarray(a) for a in part] for part in (u, v)]
    wide = [[a.astype(np.complex128 if _is_complex(a.dtype) else float) for a in p] for p in wide]
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
