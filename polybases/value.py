"""Series as values that are added, multiplied, differentiated and called, like numpy's."""

from collections.abc import Sequence
from functools import partial
from typing import Any, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Complex, Float, Inexact, Num, Real

from polybases import algebra
from polybases._connection import connection
from polybases.affine import UNIT, Affine, Bounds, EndPair, between, check_ends
from polybases.family import Basis, Family, as_family, common, same, terms
from polybases.operands import check_coef, number, padded, same_channels
from polybases.recurrence import Recurrence, check_order, evaluate, expand
from polybases.regression import check_degree, check_points, least_squares
from polybases.series import derivative
from polybases.shapes import Numbers, Values
from polybases.signals import complex_of, is_complex

Coefficients = Float[Array, "terms *channels"]


@jax.tree_util.register_pytree_with_keys_class
class Series:
    """The function sum_k coef_k p_k(t(x)), with t the map of ``domain`` onto ``window``.

    A pytree with the names of ``numpy.polynomial``, over any three-term basis: it goes through
    jit, grad, vmap and jacfwd of any order, and can be an argument, a result or a parameter. The
    coefficients may have channels, for a vector of functions. Values are never changed in place.

    Sums and products of two series are those of the functions: where basis, domain or window
    differ, the right one is converted to those of the left one first, exactly (numpy refuses).
    Where jit hides whether they differ, they are converted too.

    Args:
        coef: [K+1, ...] real coefficients; integers become floats.
        basis: function of the order that builds the basis, such as ``polybases.legendre`` or
            ``functools.partial(polybases.jacobi, alpha=0.5, beta=-0.5)``, whose numbers are leaves
            of the pytree and may be learned; or a Recurrence of order >= K with scalar parameters,
            which then bounds the degree of products and integrals.
        domain: (left, right), the part of the x-axis that is mapped; (-1, 1) if None.
        window: (left, right), where the basis is used; (-1, 1) if None.

    Raises:
        ValueError: if coef has no row, more rows than the basis, or is not real, if concrete ends
            are not finite with left < right, or parameters of the basis are out of range.
        TypeError: if the basis is neither of both.

    Example:
        >>> import polybases
        >>> p = polybases.Series([1.0, 2.0, 3.0], polybases.monomial)
        >>> print(p(2.0), p.deriv()(2.0), (p * p + 1)(2.0), (p**3).degree())
        17.0 14.0 290.0 6
    """

    basis: Recurrence | Family
    coef: Coefficients
    domain: Bounds
    window: Bounds
    __array_ufunc__ = None  # numpy's scalars leave their arithmetic to ours

    def __init__(
        self,
        coef: ArrayLike | Sequence[Any],
        basis: Basis,
        domain: EndPair | None = None,
        window: EndPair | None = None,
    ) -> None:
        self.basis, self.coef = as_family(basis), check_coef(coef)
        if isinstance(self.basis, Recurrence) and len(self.coef) > self.basis.order + 1:
            raise ValueError(
                f"a basis of order {self.basis.order} takes at most {self.basis.order + 1} "
                f"coefficients, got shape {self.coef.shape}"
            )
        self.domain = check_ends("domain", UNIT if domain is None else domain, self.coef)
        self.window = check_ends("window", UNIT if window is None else window, self.coef)

    @classmethod
    def fit(
        cls,
        x: Real[ArrayLike, " n"],
        y: Real[ArrayLike, "n *channels"],
        basis: Basis,
        deg: SupportsIndex | None = None,
        *,
        weights: Real[ArrayLike, " n"] | None = None,
        domain: EndPair | None = None,
        window: EndPair | None = None,
    ) -> "Series":
        """The series of degree ``deg`` that minimises sum_i weights_i |y_i - p(x_i)|^2.

        Differentiable in x, y and weights (``polybases.least_squares``).

        Args:
            x: [n] points; they are taken as they are unless a domain is given, for instance
                (x.min(), x.max()), which numpy takes by itself.
            y: [n, ...] values.
            basis: as for the class.
            deg: K; the order of the basis if it is a Recurrence.
            weights: [n] >= 0, of the squared residuals (numpy's ``w`` is their root).
            domain, window: as for the class.

        Raises:
            ValueError: if the degree is missing, the data do not determine a fit, or concrete
                points lie outside the interval of a basis that has one.

        Example:
            >>> import jax.numpy as jnp
            >>> import polybases
            >>> x = jnp.linspace(0.0, 10.0, 21)
            >>> p = polybases.Series.fit(x, x**2, polybases.legendre, 2, domain=(0.0, 10.0))
            >>> print(p(3.0).round(3))
            9.0
        """
        family, x = as_family(basis), jnp.asarray(x, jnp.result_type(x, float))
        order = check_degree(family, deg)
        empty = cls(jnp.zeros(order + 1, x.dtype), family, domain, window)
        recurrence, points = empty._terms(order), empty._map()(x)
        check_points(recurrence, points)
        return empty._with(least_squares(recurrence, points, y, weights))

    def __call__(self, x: Num[ArrayLike, "..."]) -> Inexact[Array, "..."]:
        """Values [*x.shape, *channels] (numpy has the channels first).

        Args:
            x: [...] real, in the domain unless extrapolation is meant; or complex, such as roots.
        """
        x = jnp.asarray(x)
        dtype = jnp.result_type(x.real, self.coef)
        return _values(self, x.astype(complex_of(dtype) if is_complex(x.dtype) else dtype))

    def degree(self) -> int:
        """K, one less than the number of coefficients."""
        return len(self.coef) - 1

    def deriv(self, m: SupportsIndex = 1) -> "Series":
        """The m-th derivative with respect to x.

        Args:
            m: >= 0.
        """
        return self._with(_derivative(self, check_order(m)))

    def integ(
        self,
        m: SupportsIndex = 1,
        k: ArrayLike | Sequence[ArrayLike] = 0.0,
        lbnd: Numbers | None = None,
    ) -> "Series":
        """The antiderivative, m times.

        Args:
            m: >= 0.
            k: value at ``lbnd``, a number or an array [*channels]; as a list, one for each time,
                the missing ones 0.
            lbnd: x; None is the point that is mapped to 0 of the window, as in numpy.

        Raises:
            ValueError: if k has more than m entries, or a basis is too short.
        """
        m = check_order(m)
        constants: list[Any] = list(k) if isinstance(k, list | tuple) else [k]
        if len(constants) > max(m, 1):
            raise ValueError(f"k must have at most m = {m} constants, got {len(constants)}")
        result = self
        for constant in (constants + [0.0] * m)[:m]:
            result = self._with(_antiderivative(result, constant, lbnd))
        return result

    def roots(self) -> Complex[Array, "K *channels"]:
        """All K roots x, complex and sorted (``polybases.roots``); numpy's are real if all are."""
        algebra.check_leading(self.coef)
        return _roots(self)

    def truncate(self, size: SupportsIndex) -> "Series":
        """The first ``size`` >= 1 terms, as in numpy (``polybases.truncate`` takes an order)."""
        return self.cutdeg(check_order(size) - 1)

    def cutdeg(self, deg: SupportsIndex) -> "Series":
        """The terms up to degree ``deg``."""
        return self._with(self.coef[: check_order(deg) + 1])

    def trim(self, tol: float = 0.0) -> "Series":
        """Without the last terms whose coefficients all have an absolute value of at most ``tol``.

        Raises:
            ValueError: under jit, where a shape cannot depend on values.
        """
        if isinstance(self.coef, jax.core.Tracer):
            raise ValueError("trim looks at values, which jit hides; use truncate(size) there")
        large = np.abs(np.asarray(self.coef)).reshape(len(self.coef), -1).max(1) > tol
        return self.cutdeg(int(np.max(np.nonzero(large)[0], initial=0)))

    def convert(
        self,
        basis: Basis,
        domain: EndPair | None = None,
        window: EndPair | None = None,
    ) -> "Series":
        """The same function in another basis, domain and window; exact up to rounding.

        Args:
            basis: as for the class.
            domain, window: those of this series if None.

        Example:
            >>> import polybases
            >>> square = polybases.Series([0.0, 0.0, 1.0], polybases.monomial)
            >>> print(square.convert(polybases.laguerre(2, 0.0, "standard")).coef.round(3))
            [ 2. -4.  2.]
        """
        domain = self.domain if domain is None else domain
        window = self.window if window is None else window
        target = Series(self.coef, basis, domain, window)
        if self._is_like(target):
            return target
        return target._with(_converted(self, target))

    def mapparms(self) -> tuple[Values, Values]:
        """(offset, scale) of the map offset + scale x of the domain onto the window."""
        affine = self._map()
        return affine.middle - affine.scale * affine.centre, affine.scale

    def __add__(self, other: Any) -> "Series":
        if not isinstance(other, Series):
            n = number(other)
            return NotImplemented if n is None else self + self._constant(n)
        basis, left, right = self._aligned(other)
        size = max(len(left), len(right))
        return self._with(padded(left, size) + padded(right, size), basis)

    def __mul__(self, other: Any) -> "Series":
        if not isinstance(other, Series):
            n = number(other)
            return NotImplemented if n is None else self._with(self.coef * n)
        basis, left, right = self._aligned(other)
        return self._with(_product(basis, left, right), basis)

    def __pow__(self, exponent: SupportsIndex) -> "Series":
        n = check_order(exponent)
        power = self if n else self._constant(jnp.ones_like(self.coef[0]))
        for digit in f"{n:b}"[1:]:
            power = power * power
            power = power * self if digit == "1" else power
        return power

    def __truediv__(self, other: Any) -> "Series":
        n = number(other)
        return NotImplemented if n is None else self._with(self.coef / n)

    def __neg__(self) -> "Series":
        return self._with(-self.coef)

    def __pos__(self) -> "Series":
        return self

    def __sub__(self, other: Any) -> "Series":
        return self + (-other)

    def __rsub__(self, other: Any) -> "Series":
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def __repr__(self) -> str:
        name = getattr(getattr(self.basis, "function", None), "__name__", "Recurrence")
        return f"Series({self.coef}, {name}, domain={self.domain}, window={self.window})"

    def tree_flatten_with_keys(self) -> tuple[tuple[tuple[Any, Any], ...], None]:
        """Leaves for jax."""
        names = ("coef", "basis", "domain", "window")
        return tuple((jax.tree_util.GetAttrKey(n), getattr(self, n)) for n in names), None

    @classmethod
    def tree_unflatten(cls, _: None, children: Sequence[Any]) -> "Series":
        """The series of these leaves, which jax may fill with anything."""
        made = object.__new__(cls)
        made.coef, made.basis, made.domain, made.window = children
        return made

    def _with(self, coef: Array, basis: Recurrence | Family | None = None) -> "Series":
        basis = self.basis if basis is None else basis
        return Series.tree_unflatten(None, (coef, basis, self.domain, self.window))

    def _constant(self, value: ArrayLike) -> "Series":
        return self._with(_constant(self, value))

    def _terms(self, order: int) -> Recurrence:
        return terms(self.basis, order)

    def _map(self) -> Affine:
        return between(self.domain, self.window)

    def _moved(self, order: int) -> Recurrence:
        return self._map().moved(self._terms(order))

    def _is_like(self, other: "Series") -> bool:
        """Whether basis, domain and window are known to be those of another series."""
        ends = (self.domain, self.window), (other.domain, other.window)
        return common(self.basis, other.basis) is not None and same(*ends)

    def _aligned(self, other: "Series") -> tuple[Recurrence | Family, Array, Array]:
        """One basis for both, and their coefficients in it, with axes for the same channels."""
        if not self._is_like(other):
            other = other.convert(self.basis, self.domain, self.window)
        basis = common(self.basis, other.basis)
        basis = self.basis if basis is None else basis
        return basis, *same_channels(self.coef, other.coef)


# Compiled once for all series of one shape: outside of jit, too, nothing is traced twice


@jax.jit
def _values(series: Series, x: Array) -> Array:
    basis, x = series._terms(series.degree()), series._map()(x)
    p = (
        expand(basis, lambda t: x * t, jnp.ones_like(x))
        if is_complex(x.dtype)
        else evaluate(basis, x)
    )
    return jnp.tensordot(p, series.coef.astype(x.dtype), axes=(0, 0), precision="highest")


@jax.jit
def _constant(series: Series, value: ArrayLike) -> Array:
    """[1, ...] coefficients of a constant."""
    first = series._terms(0).first.astype(series.coef.dtype)
    return (jnp.asarray(value) / first)[None]


@partial(jax.jit, static_argnums=1)
def _derivative(series: Series, m: int) -> Array:
    coef, scale = series.coef, series._map().scale
    for _ in range(m):
        lower = derivative(series._terms(len(coef) - 1), coef)[: max(len(coef) - 1, 1)]
        coef = (scale * lower).astype(coef.dtype)
    return coef


@jax.jit
def _antiderivative(series: Series, constant: ArrayLike, lbnd: Numbers | None) -> Array:
    affine, dtype = series._map(), series.coef.dtype
    start = affine.inverse(jnp.zeros((), dtype)) if lbnd is None else jnp.asarray(lbnd, dtype)
    rising = algebra.antiderivative(series._terms(len(series.coef)), series.coef) / affine.scale
    whole = series._with(rising.astype(dtype))
    missing = jnp.asarray(constant, dtype) - _values(whole, start)
    return whole.coef.at[0].add(_constant(whole, missing)[0])


@jax.jit
def _roots(series: Series) -> Array:
    found = algebra.roots(series._terms(series.degree()), series.coef)
    return series._map().inverse(found.astype(complex_of(series.coef.dtype)))


@jax.jit
def _converted(series: Series, target: Series) -> Array:
    matrix = connection(series._moved(series.degree()), target._moved(series.degree()))
    coef = jnp.einsum("kj,k...->j...", matrix, series.coef, precision="highest")
    return coef.astype(series.coef.dtype)


@jax.jit
def _product(basis: Recurrence | Family, left: Array, right: Array) -> Array:
    coef = algebra.product(terms(basis, len(left) + len(right) - 2), left, right)
    return coef.astype(jnp.result_type(left, right))
