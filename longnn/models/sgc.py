"""SGC: a linear classifier of smoothed features (arXiv 1902.07153)."""

from typing import Unpack

import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike

from longnn.graphs.checks import check_count
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, monomial


class SGC(Spectral):
    """Z = S^K X W + c (eq. 8); nothing of the filter is learned.

    Meant for a graph with self-loops (``graph=self_loops``). Deviation: dropout is possible.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
        body: settings of :class:`longnn.models.Spectral`; embedding="linear", placement="before"
            and dropout=0 here.

    Raises:
        ValueError: for a setting outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 2,
        **body: Unpack[Body],
    ):
        body = {"embedding": "linear", "placement": "before", "dropout": 0.0, **body}
        make = lambda channels, dtype: Power(order, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)


class Power(Series):
    """g(x) = x^K; nothing is learned."""

    def __init__(self, order: int, *, dtype: DTypeLike = jnp.float32):
        check_count("order (the highest degree K)", order)
        self.order, self.dtype = order, jnp.dtype(dtype)

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`longnn.models.Series`."""
        theta = jnp.zeros((self.order + 1, 1), self.dtype).at[-1].set(1)
        return monomial(self.order, dtype=self.dtype), theta
