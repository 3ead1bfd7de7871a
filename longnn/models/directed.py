"""Filters on directed graphs, with real outputs."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.models.mlp import Affine
from longnn.models.reach import hops_together
from longnn.operators.paired import Paired, side_by_side
from longnn.operators.protocol import Operator
from polybases import Recurrence


class Unwound(nnx.Module):
    """A filter of two signals of each node, and a linear layer that makes one of them again.

    [Y1 | Y2] W + c, where Y1 and Y2 are what the filter makes of the pair of a signal (``Paired``):
    real and imaginary parts with a magnetic operator, the two directions with
    ``DirectionsOperator``. All coefficients of the filter are real, so that it acts on complex
    signals as it is. MagNet (arXiv 2102.11391) unwinds its complex signals so, into twice as many
    real channels in front of a linear layer; unlike there, this stands behind each filter, and what
    lies between filters is real.

    Args:
        inner: the filter.
        channels: the number C of channels.
        dtype: data type of W and c, which start uniform in +-1/sqrt(2C).
        rngs: random generators of the initial values.
    """

    def __init__(
        self, inner: Any, channels: int, *, dtype: DTypeLike = jnp.float32, rngs: nnx.Rngs
    ):
        self.inner = inner
        self.unwind = Affine(2 * channels, channels, dtype=dtype, rngs=rngs)

    def __call__(self, operator: Operator, h: Float[Array, "N C"]) -> Float[Array, "N C"]:
        """Filters node signals.

        Raises:
            ValueError: if the operator knows no directions.
        """
        if not isinstance(operator, Paired):
            raise ValueError(
                "a model with directed=True takes a magnetic_operator or a directions_operator, "
                f"got {type(operator).__name__}; leave directed out for a symmetric operator"
            )
        return self.unwind(side_by_side(self.inner(operator.symmetric, operator.pair(h))))

    @property
    def basis(self) -> Any:
        """The basis of the filter, by which filters that share one are known."""
        return getattr(self.inner, "basis", self.inner)

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """Returns the basis of the filter, and its coefficients."""
        terms: tuple[Recurrence, Array] = self.inner.terms()
        return terms

    def hops(self) -> int | None:
        """Returns how many edges away the filter looks, whatever their direction."""
        return hops_together([self.inner])

    def response(self, x: Float[Array, "*points"]) -> Float[Array, "*points C"]:
        """Returns the response of the filter, on the spectrum of the operator of pairs."""
        response: Array = self.inner.response(x)
        return response

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns those of the filter."""
        named: dict[str, Array] = self.inner.scalars()
        return named


def unwound(
    filters: Sequence[Any], channels: int, *, dtype: DTypeLike, rngs: nnx.Rngs
) -> list[Unwound]:
    """Each filter as one of two signals; the arguments are those of :class:`Unwound`."""
    return [Unwound(each, channels, dtype=dtype, rngs=rngs) for each in filters]
