"""Three-term recurrences as data, and the algorithms that need nothing else.

A sequence of polynomials p_0, p_1, ... of degrees 0, 1, ... is described by how multiplication
by x acts on it,

    x p_k = upper_k p_{k+1} + diagonal_k p_k + lower_k p_{k-1},

so a scalar, an array of scalars and a symmetric operator all go through the same loop.
Source: W. Gautschi, Orthogonal Polynomials (2004), section 1.3.
"""

from collections.abc import Callable
from numbers import Integral
from typing import Any, NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Num

from polybases.ends import Ends, values
from polybases.operators import MatVec, as_matvec, check_matvec, flat_matvec
from polybases.ranges import check_positive, check_range
from polybases.shapes import Numbers, Values
from polybases.signals import Signal, check_signal, check_weights, flat_signal, is_array

NO_WEIGHT: tuple[()] = ()  # no leaf, so jit and vmap keep it as structure


class Recurrence(NamedTuple):
    """Coefficients of K+1 polynomials; a pytree of arrays.

    Each leaf may have trailing dimensions: they broadcast, by numpy's rules, against the argument
    of :func:`evaluate` or :func:`expand`, so that a leaf [K, B, 1] serves x [N, B, C].

    Attributes:
        first: [...] the constant p_0.
        diagonal: [K, ...] diagonal_k.
        upper: [K, ...] upper_k, non-zero.
        lower: [K, ...] lower_k; lower_0 is 0.
        norms: [K+1, ...] squared norms of p_k under the weight, None where all are 1 (an
            orthonormal basis), or :data:`NO_WEIGHT` where nothing is orthogonal (powers).
        ends: the steps about both ends of the interval, from which :func:`evaluate` takes its
            values where they are known (Jacobi and its special cases).

    Example:
        >>> import polybases
        >>> basis = polybases.legendre(3)
        >>> print(basis.order, basis.diagonal.shape, basis.norms)
        3 (3,) None
    """

    first: Float[Array, "*basis"]
    diagonal: Float[Array, "K *basis"]
    upper: Float[Array, "K *basis"]
    lower: Float[Array, "K *basis"]
    norms: Float[Array, "terms *basis"] | tuple[()] | None = None
    ends: Ends | None = None

    @property
    def order(self) -> int:
        """K, the highest degree."""
        return self.diagonal.shape[0]

    def __repr__(self) -> str:
        shape, dtype = getattr(self.diagonal, "shape", ()), getattr(self.diagonal, "dtype", None)
        if not shape or dtype is None:  # jax fills it with anything
            return f"Recurrence{tuple.__repr__(self)}"
        members = f", {list(shape[1:])} of them" if shape[1:] else ""
        return f"Recurrence(order={shape[0]}, {dtype}{members})"

    def expand(self, matvec: Any, x: Signal) -> Signal:
        """[K+1, ...] terms p_k(S) x: :func:`expand`."""
        return expand(self, matvec, x)


def expand(recurrence: Recurrence, matvec: Any, x: Signal) -> Signal:
    """All terms p_k(S) x by the recurrence; forward and reverse derivatives both work.

    Args:
        recurrence: coefficients, leaves broadcasting against ``x``.
        matvec: t -> S t for a linear S, which keeps shape and dtype; or a square matrix, dense or
            sparse, or an object with ``matvec`` or ``mv`` (``polybases.operators``). For an
            orthogonal basis the spectrum of S belongs in the interval of orthogonality.
        x: [...] real or complex array; or a pytree of arrays of one dtype, which S maps to one of
            the same structure, with a basis whose parameters are numbers.

    Returns:
        [K+1, ...] array of the dtype of ``x``, or a pytree of such arrays.

    Raises:
        ValueError: if x is not floating point or complex, or matvec changes shape or dtype.
        TypeError: if ``matvec`` is none of the above.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> S = jnp.array([[0.0, 1.0], [1.0, 0.0]])
        >>> print(polybases.expand(polybases.monomial(2), S, jnp.array([3.0, 0.0])))
        [[3. 0.]
         [0. 3.]
         [3. 0.]]
    """
    if not is_array(x):
        flat, unravel = flat_signal(x, recurrence.first)
        terms = expand(recurrence, flat_matvec(matvec, flat.dtype, unravel), flat)
        return jax.vmap(unravel)(terms)
    x, leaves = _aligned(recurrence, x, check=check_signal)
    matvec = _product(matvec, x)
    first, diagonal, upper, lower, *_ = leaves

    def step(carry, coefficients):
        previous, current = carry
        d, u, low = coefficients
        following = (matvec(current) - d * current - low * previous) / u
        return (current, following), following

    start = first * x
    _, rest = jax.lax.scan(step, (jnp.zeros_like(x), start), (diagonal, upper, lower))
    return jnp.concatenate([start[None], rest])


def evaluate(
    recurrence: Recurrence, x: Float[ArrayLike, "*#shape"]
) -> Float[Array, "terms *#shape"]:
    """Values p_k(x) at scalars, as :func:`expand` with the diagonal operator would give them.

    Args:
        recurrence: coefficients, leaves broadcasting against ``x``.
        x: [...] points, for an orthogonal basis in its interval.

    Returns:
        [K+1, ...] array of the dtype of ``x``; a value beyond its range is infinite.

    Raises:
        ValueError: if x is not real floating point, or its dtype is narrower than that of a
            concrete basis and does not hold its values.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> T = polybases.chebyshev(2, "T", "standard")
        >>> print(polybases.evaluate(T, jnp.array([0.0, 0.5])))
        [[ 1.   1. ]
         [ 0.   0.5]
         [-1.  -0.5]]
    """
    x, leaves = _aligned(recurrence, x)
    if recurrence.ends is not None:
        ends = jax.tree.map(lambda leaf: jnp.asarray(leaf, x.dtype), recurrence.ends)
        return values(ends, leaves.first, x)

    def step(carry, coefficients):
        previous, current = carry
        d, u, low = coefficients
        back = d * current + low * previous
        back = jnp.where(jnp.isfinite(current), back, 0)  # no infinity less infinity
        return (current, (x * current - back) / u), current

    # One step more than `expand`, which would cost a product there, and no copy of the result.
    padded = (jnp.concatenate([leaf, jnp.ones_like(leaves.first)[None]]) for leaf in leaves[1:4])
    start = (jnp.zeros_like(x), leaves.first * jnp.ones_like(x))
    return jax.lax.scan(step, start, tuple(padded))[1]


def weighted_sum(
    recurrence: Recurrence,
    theta: Num[ArrayLike, "terms *#shape"],
    matvec: Any,
    x: Signal,
    *,
    unroll: int = 2,
) -> Signal:
    """sum_k theta_k p_k(S) x by Clenshaw's algorithm: K products with S, no term is stored.

    Source: C. W. Clenshaw, Math. Comp. 9 (1955) 118; Gautschi (2004), section 2.1.8.1.

    Args:
        recurrence: coefficients, leaves broadcasting against ``x``.
        theta: [K+1, ...] weights, ``theta[k]`` broadcasting against ``x``; complex ones with
            complex signals only.
        matvec: S, as of :func:`expand`.
        x: [...] real or complex array; or a pytree, with one weight for each degree.
        unroll: steps of the compiled loop at a time; more compile longer and copy less.

    Returns:
        [...] array of the shape and dtype of ``x``, or a pytree of such arrays.

    Raises:
        ValueError: if theta has not K+1 rows, x is not floating point or complex, or matvec
            changes the shape.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> S = jnp.array([[0.0, 1.0], [1.0, 0.0]])
        >>> x, theta = jnp.array([3.0, 0.0]), jnp.array([1.0, 10.0, 100.0])
        >>> print(polybases.weighted_sum(polybases.monomial(2), theta, lambda t: S @ t, x))
        [303.  30.]
    """
    theta = check_theta(recurrence, theta)
    if not is_array(x):
        flat, unravel = flat_signal(x, recurrence.first, theta[0])
        matvec = flat_matvec(matvec, flat.dtype, unravel)
        return unravel(weighted_sum(recurrence, theta, matvec, flat, unroll=unroll))
    x, leaves = _aligned(recurrence, x, theta.shape[1:], check=check_signal)
    matvec = _product(matvec, x)
    first, diagonal, upper, lower, *_ = leaves
    theta = check_weights(theta, x.dtype)
    # y_k = theta_k x + (S - d_k)/u_k y_{k+1} - l_{k+1}/u_{k+1} y_{k+2}
    following = lower[1:] / upper[1:]
    following = jnp.concatenate([following, jnp.zeros_like(lower[:1])])

    def step(carry, coefficients):
        y1, y2 = carry
        weight, d, u, f = coefficients
        y0 = weight * x + (matvec(y1) - d * y1) / u - f * y2
        return (y0, y1), None

    start = (theta[-1] * x, jnp.zeros_like(x))
    steps = (theta[:-1], diagonal, upper, following)
    (result, _), _ = jax.lax.scan(step, start, steps, reverse=True, unroll=unroll)
    return first * result


def combine(recurrence: Recurrence, matvec: Any, terms: Signal) -> Signal:
    """sum_k p_k(S) terms_k by Clenshaw's algorithm: a signal of its own for each degree.

    With terms_k = X W_k this is a filter with matrix coefficients, as of ChebNet.

    Args:
        recurrence: coefficients, leaves broadcasting against ``terms[0]``.
        matvec: S, as of :func:`expand`.
        terms: [K+1, ...] real or complex array, or a pytree of such arrays.

    Returns:
        [...] array of the shape and dtype of ``terms[0]``, or a pytree of such arrays.

    Raises:
        ValueError: if terms has not K+1 rows, is not floating point or complex, or matvec changes
            the shape.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> S = jnp.array([[0.0, 1.0], [1.0, 0.0]])
        >>> terms = jnp.array([[1.0, 0.0], [10.0, 0.0]])  # the second is multiplied by S
        >>> print(polybases.combine(polybases.monomial(1), lambda t: S @ t, terms))
        [ 1. 10.]
    """
    if not is_array(terms):
        for leaf in jax.tree.leaves(terms):
            check_theta(recurrence, leaf)
        of_row = lambda row: flat_signal(row, recurrence.first)  # noqa: E731
        flat, unravel = of_row(jax.tree.map(lambda leaf: leaf[0], terms))
        rows = jax.vmap(lambda row: of_row(row)[0])(terms)
        return unravel(combine(recurrence, flat_matvec(matvec, flat.dtype, unravel), rows))
    terms = check_theta(recurrence, terms)
    x, leaves = _aligned(recurrence, terms[0], check=check_signal)
    matvec = _product(matvec, x)
    first, diagonal, upper, lower, *_ = leaves
    following = jnp.concatenate([lower[1:] / upper[1:], jnp.zeros_like(lower[:1])])

    def step(carry, coefficients):
        y1, y2 = carry
        term, d, u, f = coefficients
        y0 = term + (matvec(y1) - d * y1) / u - f * y2
        return (y0, y1), None

    start = (terms[-1], jnp.zeros_like(x))
    steps = (terms[:-1], diagonal, upper, following)
    (result, _), _ = jax.lax.scan(step, start, steps, reverse=True)
    return first * result


def check_order(order: SupportsIndex) -> int:
    """Returns the highest degree as an int, or raises ValueError unless it is an integer >= 0."""
    if isinstance(order, bool) or not isinstance(order, Integral) or order < 0:
        raise ValueError(f"order must be an integer >= 0 (the highest degree), got {order!r}")
    return int(order)


def check_theta(
    recurrence: Recurrence, theta: Num[ArrayLike, "terms ..."]
) -> Num[Array, "terms ..."]:
    """Returns theta as an array, or raises ValueError if it has not K+1 rows."""
    theta = jnp.asarray(theta)
    if theta.ndim < 1 or theta.shape[0] != recurrence.order + 1:
        raise ValueError(
            f"theta must have K+1 = {recurrence.order + 1} rows for a basis of order "
            f"{recurrence.order}, got shape {theta.shape}"
        )
    return theta


def squared_norms(recurrence: Recurrence) -> Float[Array, "terms ..."] | None:
    """Returns the norms, or raises ValueError if there are none or the dtype does not hold one."""
    if isinstance(recurrence.norms, tuple):
        raise ValueError(
            "norms, projections and Gauss rules need a basis orthogonal under a weight, got "
            "powers of x (monomial or krylov); take for instance legendre, and `connection` to "
            "convert the coefficients of a series"
        )
    if recurrence.norms is not None:
        check_positive("every squared norm", recurrence.norms, "the orthonormal scale")
    return recurrence.norms


def with_rank(recurrence: Recurrence, rank: int) -> Recurrence:
    """Inserts singleton dimensions so that every leaf has ``rank`` trailing ones; drops norms."""

    def insert(leaf: Array, leading: int) -> Array:
        missing = rank - (leaf.ndim - leading)
        return leaf.reshape(*leaf.shape[:leading], *(1,) * missing, *leaf.shape[leading:])

    first, diagonal, upper, lower = map(jnp.asarray, recurrence[:4])
    return Recurrence(insert(first, 0), insert(diagonal, 1), insert(upper, 1), insert(lower, 1))


def check_real(x: Numbers) -> Values:
    """Returns x as an array, or raises ValueError unless it is real floating point."""
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(
            f"x must be a real floating-point array, got dtype {x.dtype}; "
            "convert it, for instance with x.astype(jnp.float32)"
        )
    return x


def _aligned(
    recurrence: Recurrence,
    x: ArrayLike,
    theta_shape: tuple[int, ...] = (),
    check: Callable[[Any], Array] = check_real,  # whatever a caller gave, told what is wanted
) -> tuple[Array, Recurrence]:
    """x broadcast to the common shape, and the leaves in its dtype with rows that broadcast."""
    checked = check(x)
    dtype = jnp.finfo(checked.dtype).dtype
    if dtype != jnp.result_type(recurrence.first):
        check_range(recurrence.first, recurrence.ends, dtype)
    shape = jnp.broadcast_shapes(checked.shape, jnp.shape(recurrence.first), theta_shape)
    first, diagonal, upper, lower = (jnp.asarray(leaf, checked.dtype) for leaf in recurrence[:4])
    return jnp.broadcast_to(checked, shape), Recurrence(first, diagonal, upper, lower)


def _product(operator: Any, x: Array) -> MatVec:
    """t -> S t for signals like x, or a ValueError unless it keeps their shape and dtype."""
    matvec = as_matvec(operator, x.dtype)
    check_matvec(matvec, x)
    return matvec
