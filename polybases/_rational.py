"""Rational functions of an operator: polynomials and simple poles, by linear solves."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Complex, Float, Num, Real

from polybases._monomial import monomial
from polybases.operators import MatVec, as_matvec, flat_matvec
from polybases.recurrence import Recurrence, check_real, evaluate, expand, weighted_sum
from polybases.signals import Signal, check_signal, check_weights, complex_of, flat_signal, is_array
from polybases.solve import positive_solve


class Rational(NamedTuple):
    """R functions: polynomials p_0 .. p_K, then poles, then pairs of poles; a pytree.

    A real pole z gives the term 1 / (x - z), and a pair a +- ib the two terms b / ((x-a)^2 + b^2)
    and (x-a) / ((x-a)^2 + b^2), the imaginary and the real part of 1 / (x - a - ib). A filter is
    sum_r gamma_r b_r with any real gamma. It takes K products with the operator and one linear
    solve for each pole or pair.

    Attributes:
        recurrence: basis p of the polynomial part, of order K, with scalar parameters.
        poles: [J] real, outside the spectrum.
        centres: [P] a.
        widths: [P] b > 0.
        middle: of the interval of the spectrum; poles are left or right of it.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.rational(jnp.array([-2.0, 3.0]))
        >>> print(basis.evaluate(jnp.array([0.0, 1.0])).round(3))  # 1, 1 / (x + 2), 1 / (x - 3)
        [[ 1.     1.   ]
         [ 0.5    0.333]
         [-0.333 -0.5  ]]
    """

    recurrence: Recurrence
    poles: Float[Array, " J"]
    centres: Float[Array, " P"]
    widths: Float[Array, " P"]
    middle: Float[Array, ""]

    def expand(
        self,
        matvec: Any,
        x: Signal,
        *,
        max_steps: int = 1000,
    ) -> Signal:
        """[R, ...] terms b_r(S) x, differentiable in x, in the poles and in what S depends on.

        Args:
            matvec: a symmetric S (Hermitian, with complex signals) with its spectrum in the
                interval: t -> S t, a matrix, or what else ``polybases.expand`` takes.
            x: [...] real or complex floating point, or a pytree of such arrays.
            max_steps: of conjugate gradients for each solve, a product each (two for a pair); a
                pole at the distance d of an interval of length 2 takes about 26 / sqrt(d) in
                float64 and 11 / sqrt(d) in float32.

        Returns:
            [R, ...], or a pytree of such arrays; NaN in the terms of a solve that failed, because S
            is not symmetric, a pole lies inside its spectrum, or it is nearer to it than
            ``max_steps`` or the dtype allow.
        """
        if not is_array(x):
            flat, unravel = flat_signal(x)
            matvec = flat_matvec(matvec, flat.dtype, unravel)
            return jax.vmap(unravel)(self.expand(matvec, flat, max_steps=max_steps))
        x = check_signal(x)
        matvec = as_matvec(matvec, x.dtype)
        parts = [expand(self.recurrence, matvec, x)]
        if len(self.poles):
            solve = lambda z: self._real(z, matvec, x, max_steps)  # noqa: E731
            parts.append(jax.lax.map(solve, self.poles.astype(x.dtype)))
        if len(self.centres):
            solve_pair = lambda ab: jnp.stack(_pair(ab[0], ab[1], matvec, x, max_steps))  # noqa: E731
            pairs = (self.centres.astype(x.dtype), self.widths.astype(x.dtype))
            both = jax.lax.map(solve_pair, pairs)
            parts.append(both.reshape(-1, *x.shape))
        return jnp.concatenate(parts)

    def weighted_sum(
        self,
        gamma: Num[ArrayLike, "R *#shape"],
        matvec: Any,
        x: Signal,
        *,
        max_steps: int = 1000,
    ) -> Signal:
        """sum_r gamma_r b_r(S) x, without storing the terms; see :meth:`expand`.

        Args:
            gamma: [R, ...] weights, ``gamma[r]`` broadcasting against x; complex ones with complex
                signals only.
            matvec, x, max_steps: as for ``expand``.

        Raises:
            ValueError: if gamma has not R rows.
        """
        gamma = jnp.asarray(gamma)
        counts = (self.recurrence.order + 1, len(self.poles), 2 * len(self.centres))
        if gamma.ndim < 1 or len(gamma) != sum(counts):
            raise ValueError(f"gamma must have R = {sum(counts)} rows, got shape {gamma.shape}")
        if not is_array(x):
            flat, unravel = flat_signal(x, gamma[0])
            matvec = flat_matvec(matvec, flat.dtype, unravel)
            return unravel(self.weighted_sum(gamma, matvec, flat, max_steps=max_steps))
        x = check_signal(x)
        matvec, gamma = as_matvec(matvec, x.dtype), check_weights(gamma, x.dtype)
        x = jnp.broadcast_to(x, jnp.broadcast_shapes(x.shape, gamma.shape[1:]))
        head, tail, last = jnp.split(gamma, np.cumsum(counts)[:2])
        total = weighted_sum(self.recurrence, head, matvec, x)

        def add(total: Array, part: tuple[Array, Array]) -> tuple[Array, None]:
            z, weight = part
            return total + weight * self._real(z, matvec, x, max_steps), None

        def add_pair(total: Array, part: tuple[Array, Array, Array]) -> tuple[Array, None]:
            a, b, weight = part
            imaginary, real = _pair(a, b, matvec, x, max_steps)
            return total + weight[0] * imaginary + weight[1] * real, None

        poles, a, b = (leaf.astype(x.dtype) for leaf in self[1:4])
        total, _ = jax.lax.scan(add, total, (poles, tail))
        last = last.reshape(len(a), 2, *gamma.shape[1:])
        return jax.lax.scan(add_pair, total, (a, b, last))[0]

    def evaluate(self, x: Float[ArrayLike, "*shape"]) -> Float[Array, "R *shape"]:
        """[R, ...] values b_r(x) at scalars."""
        x = check_real(x)
        poles, a, b = (leaf.astype(x.dtype).reshape(-1, *(1,) * x.ndim) for leaf in self[1:4])
        square = (x - a) ** 2 + b**2
        pairs = jnp.stack([b / square, (x - a) / square], 1).reshape(-1, *x.shape)
        return jnp.concatenate([evaluate(self.recurrence, x), 1 / (x - poles), pairs])

    def _real(self, z: Array, matvec: MatVec, x: Array, max_steps: int) -> Array:
        """(S - z)^-1 x, by the positive one of S - z and z - S."""
        sign = jnp.where(z.real < self.middle, 1, -1).astype(x.dtype)
        return positive_solve(lambda t: sign * (matvec(t) - z * t), sign * x, max_steps)


def rational(
    poles: Real[ArrayLike, " J"] | Sequence[float] = (),
    pairs: Complex[ArrayLike, " P"] | Sequence[complex] = (),
    recurrence: Recurrence | None = None,
    interval: tuple[float, float] = (-1.0, 1.0),
) -> Rational:
    """Rational functions of an operator whose spectrum lies in an interval.

    With one real pole, gamma / (x - z) is the ARMA(1) graph filter. Source: E. Isufi, A. Loukas,
    A. Simonetto and G. Leus, IEEE Trans. Signal Process. 65 (2017) 274, eqs. 5 and 8.

    Args:
        poles: [J] real, outside the interval. To learn one, keep it there, for instance as
            right + softplus(raw).
        pairs: [P] complex, with a positive imaginary part; each stands for itself and its
            conjugate, and the real part may lie anywhere.
        recurrence: basis of the polynomial part; the constant 1 if None.
        interval: (left, right), concrete.

    Raises:
        ValueError: if concrete poles lie inside the interval or on its ends, a concrete imaginary
            part is not positive, one is not finite, or the interval is empty. Traced ones cannot be
            checked: the solves then give NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> S = jnp.array([[0.0, 1.0], [1.0, 0.0]])
        >>> basis = polybases.rational(jnp.array([-2.0]))
        >>> x = jnp.array([3.0, 0.0])
        >>> print(basis.expand(lambda t: S @ t, x)[1].round(4))  # (S + 2)^-1 x
        [ 2. -1.]
    """
    left, right = interval
    if not (np.isfinite(interval).all() and left < right):
        raise ValueError(f"an interval needs finite ends, left < right, got {left}, {right}")
    if jnp.iscomplexobj(poles):
        raise ValueError("poles must be real, got complex numbers; pairs of them go into pairs")
    dtype = jnp.result_type(jnp.asarray(poles).dtype, float)
    poles, pairs = jnp.asarray(poles, dtype), jnp.asarray(pairs, complex_of(dtype))
    if poles.ndim != 1 or pairs.ndim != 1:
        raise ValueError(f"poles and pairs must be vectors, got {poles.shape} and {pairs.shape}")
    _check_poles(poles, pairs, left, right)
    basis = monomial(0, dtype=dtype) if recurrence is None else recurrence
    middle = jnp.asarray((left + right) / 2, dtype)
    return Rational(basis, poles, pairs.real.astype(dtype), pairs.imag.astype(dtype), middle)


def _pair(a: Array, b: Array, matvec: MatVec, x: Array, max_steps: int) -> tuple[Array, Array]:
    """b ((S-a)^2 + b^2)^-1 x and (S-a) ((S-a)^2 + b^2)^-1 x."""
    shifted = lambda t: matvec(t) - a * t  # noqa: E731
    solved = positive_solve(lambda t: shifted(shifted(t)) + b**2 * t, x, max_steps)
    return b * solved, shifted(solved)


def _check_poles(poles: Array, pairs: Array, left: float, right: float) -> None:
    if not isinstance(poles, jax.core.Tracer):
        z = np.asarray(poles, np.float64)
        inside = z[~(np.isfinite(z) & ((z < left) | (z > right)))]
        if inside.size:
            raise ValueError(
                f"real poles must be finite and lie outside [{left}, {right}], where the spectrum "
                f"of the operator is, got {inside[0]}; move it out, name another interval, or take "
                "a pair of complex poles"
            )
    if not isinstance(pairs, jax.core.Tracer):
        z = np.asarray(pairs)
        wrong = z[~(np.isfinite(z) & (z.imag > 0))]
        if wrong.size:
            raise ValueError(
                "pairs must be finite with a positive imaginary part (each stands for itself and "
                f"its conjugate), got {wrong[0]}; real poles go into poles"
            )
