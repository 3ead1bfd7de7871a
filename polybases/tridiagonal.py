"""Spectral measure of a symmetric tridiagonal matrix at its first unit vector: a Gauss rule.

Dense solvers take O(n^3) and leave small weights with no correct digit. Here a sweep over the
matrix serves all eigenvalues at once, and five or six sweeps are enough.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

UNROLL = 8
MAX_SWEEPS = 100  # bisection alone needs 55 in float64; NaN would go on for ever


@jax.custom_jvp
def spectral_measure(
    diagonal: Float[Array, "n *basis"], off: Float[Array, "n-1 *basis"]
) -> tuple[Float[Array, "n *basis"], Float[Array, "n *basis"]]:
    """Eigenvalues x and squared first components w of the unit eigenvectors.

    w_j = 1 / sum_k p_k(x_j)^2 with the p_k that the matrix defines. Where an eigenvector decays
    this forward recurrence grows from rounding; its last row then is not satisfied, and all come
    from the dense solver. Differentiable any number of times, through that solver. Source:
    Gautschi (2004), section 3.1.1.1.

    Args:
        diagonal: [n, ...], n >= 1.
        off: [n-1, ...] non-zero.

    Returns:
        x [n, ...] ascending, within a few units in the last place of the norm of T; w [n, ...]
        with sum 1.
    """
    x = eigenvalues(diagonal, off)
    total, residual = _forward(diagonal, off, x)
    # one unit in the last place of x moves the last row by n^(3/2) units at the ends
    tolerance = 8 * len(x) ** 1.5 * jnp.finfo(x.dtype).eps * jnp.abs(x).max(0)
    accurate = residual <= tolerance * jnp.sqrt(total)
    return jax.lax.cond(
        accurate.all(),
        lambda: (x, 1 / total),
        lambda: _by_dense_solver(diagonal, off),
    )


@spectral_measure.defjvp
def _spectral_measure_jvp(primals, tangents):
    return jax.jvp(_by_dense_solver, primals, tangents)


def eigenvalues(
    diagonal: Float[Array, "n *basis"], off: Float[Array, "n-1 *basis"]
) -> Float[Array, "n *basis"]:
    """All eigenvalues, ascending; not differentiable.

    Sturm counts keep each one in a bracket; once alone there, it is found by Newton's method on
    the characteristic polynomial deflated by the other estimates, which converges cubically.
    Source: W. Barth, R. S. Martin and J. H. Wilkinson, Numer. Math. 9 (1967) 386 (counts);
    L. W. Ehrlich, Comm. ACM 10 (1967) 107 (deflation).

    Args:
        diagonal: [n, ...].
        off: [n-1, ...].

    Returns:
        [n, ...].
    """
    n = len(diagonal)
    index = jnp.arange(n, dtype=jnp.int32).reshape(n, *(1,) * (diagonal.ndim - 1))
    low, high = _gershgorin(diagonal, off)
    scale = jnp.maximum(jnp.abs(low), jnp.abs(high))
    tolerance = 4 * jnp.finfo(diagonal.dtype).eps * scale

    # the eigenvalues for constant coefficients; each count bounds every eigenvalue on one side
    cosine = jnp.cos((index + 1).astype(diagonal.dtype) * (jnp.pi / (n + 1)))
    guess = (low + high) / 2 - (high - low) / 2 * cosine
    count, _ = _sweep(diagonal, off, guess, scale)
    below, guess, count = count[:, None] <= index, guess[:, None], count[:, None]
    bracket = (
        jnp.where(below, guess, low).max(0),
        jnp.where(below, high, guess).min(0),
        jnp.where(below, count, 0).max(0),
        jnp.where(below, n, count).min(0),
    )

    def improve(state):
        x, (left, right, fewest, most), done, sweeps = state
        count, slope = _sweep(diagonal, off, x, scale)
        below = count <= index
        left, right = jnp.where(below, x, left), jnp.where(below, right, x)
        fewest, most = jnp.where(below, count, fewest), jnp.where(below, most, count)
        gap = x[:, None] - x
        inverse = jnp.where(gap == 0, 0, 1 / jnp.where(gap == 0, 1, gap))
        move = -1 / (slope - inverse.sum(1))
        alone = most - fewest == 1
        inside = alone & (left < x + move) & (x + move < right)
        error = move**2 * jnp.abs(move).max(0) * (inverse**2).sum(1)
        arrived = inside.all(0) & (error < tolerance / 8)
        arrived |= alone & (jnp.abs(move) <= tolerance) | (right - left <= tolerance)
        following = jnp.where(inside, x + move, jnp.where(arrived, x, (left + right) / 2))
        x = jnp.where(done, x, following)
        return x, (left, right, fewest, most), done | arrived, sweeps + 1

    def unfinished(state):
        return ~state[2].all() & (state[3] < MAX_SWEEPS)

    start = (bracket[0] + bracket[1]) / 2, bracket, jnp.zeros(diagonal.shape, bool), 0
    return jax.lax.while_loop(unfinished, improve, start)[0]


def _sweep(diagonal: Array, off: Array, x: Array, scale: Array) -> tuple[Array, Array]:
    """The number of eigenvalues below x, and P'(x) / P(x) of the characteristic polynomial.

    q_k = P_{k+1}(x) / P_k(x) of the leading minors; P'/P is the sum of q'_k / q_k.
    """
    smallest = jnp.finfo(x.dtype).eps * scale
    squared = jnp.concatenate([jnp.zeros_like(diagonal[:1]), off**2])

    def step(carry, leaf):
        inverse, slope, count, total = carry
        d, b = leaf
        ratio = b * inverse
        slope = 1 + ratio * inverse * slope
        q = x - d - ratio
        inverse = 1 / jnp.where(jnp.abs(q) < smallest, -smallest, q)
        return (
            inverse,
            slope,
            count + (inverse > 0).astype(count.dtype),
            total + slope * inverse,
        ), None

    start = (jnp.ones_like(x), jnp.zeros_like(x), jnp.zeros(x.shape, jnp.int32), jnp.zeros_like(x))
    (_, _, count, total), _ = jax.lax.scan(step, start, (diagonal, squared), unroll=UNROLL)
    return count, total


def _forward(diagonal: Array, off: Array, x: Array) -> tuple[Array, Array]:
    """Sum over k < n of p_k(x)^2, p_0 = 1, and the residual |p_n| of the last row."""
    one = jnp.ones_like(diagonal[:1])
    upper, lower = jnp.concatenate([off, one]), jnp.concatenate([0 * one, off])

    def step(carry, leaf):
        previous, current, total = carry
        d, inverse, low = leaf
        following = ((x - d) * current - low * previous) * inverse
        return (current, following, total + current**2), None

    start = jnp.zeros_like(x), jnp.ones_like(x), jnp.zeros_like(x)
    leaves = (diagonal, 1 / upper, lower)
    (_, last, total), _ = jax.lax.scan(step, start, leaves, unroll=UNROLL)
    return total, jnp.abs(last)


def _gershgorin(diagonal: Array, off: Array) -> tuple[Array, Array]:
    """Ends of an interval that holds every eigenvalue in its inside."""
    zero = jnp.zeros_like(diagonal[:1])
    radius = jnp.abs(jnp.concatenate([zero, off])) + jnp.abs(jnp.concatenate([off, zero]))
    low, high = (diagonal - radius).min(0), (diagonal + radius).max(0)
    margin = 8 * jnp.finfo(diagonal.dtype).eps * jnp.maximum(jnp.abs(low), jnp.abs(high))
    return low - margin, high + margin


def _by_dense_solver(diagonal: Array, off: Array) -> tuple[Array, Array]:
    n = len(diagonal)
    step = jnp.arange(n - 1)
    matrix = jnp.zeros((n, n, *diagonal.shape[1:]), diagonal.dtype)
    matrix = matrix.at[jnp.arange(n), jnp.arange(n)].set(diagonal)
    matrix = matrix.at[step + 1, step].set(off).at[step, step + 1].set(off)
    values, vectors = jnp.linalg.eigh(
        jnp.moveaxis(matrix, (0, 1), (-2, -1)), symmetrize_input=False
    )
    return jnp.moveaxis(values, -1, 0), jnp.moveaxis(vectors[..., 0, :] ** 2, -1, 0)
