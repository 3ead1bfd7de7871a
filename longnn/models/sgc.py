"""SGC: a linear classifier of smoothed features (arXiv 1902.07153)."""

from typing import Unpack

import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, monomial


class SGC(Spectral):
    """A linear classifier of smoothed features (SGC).

    Z = S^K X W + c (arXiv 1902.07153, eq. 8); nothing of the filter is learned. The model is meant
    for a graph with self-loops (``graph=self_loops``). Deviation from the paper: dropout is
    possible.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: number K >= 1 of smoothing steps.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`;
            ``embedding="linear"``, ``placement="before"`` and ``dropout=0`` are the defaults here.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    self_loops = 1.0

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 2,
        **body: Unpack[Body],
    ):
        body = {"embedding": "linear", "placement": "before", "dropout": 0.0, **body}
        super().__init__(in_features, classes, lambda _, dtype: Power(order, dtype=dtype), **body)


class Power(Series):
    """The filter g(x) = x^K; nothing is learned."""

    def __init__(self, order: int, *, dtype: DTypeLike = jnp.float32):
        check_count("order (the highest degree K)", order)
        self.order, self.dtype = order, jnp.dtype(dtype)

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`longnn.models.Series`."""
        theta = jnp.zeros((self.order + 1, 1), self.dtype).at[-1].set(1)
        return monomial(self.order, dtype=self.dtype), theta
