"""S2GC: a linear classifier of features averaged over walks (Zhu and Koniusz, ICLR 2021)."""

from typing import Unpack

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range
from longnn.models.model import Setting
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, monomial


class SSGC(Spectral):
    """A linear classifier of features that are averaged over walks (S2GC).

    Z = (alpha X + (1 - alpha)/K sum_{k=1..K} S^k X) W + c (Zhu and Koniusz, ICLR 2021, eq. 4);
    nothing of the filter is learned. The model is meant for a graph with self-loops
    (``graph=self_loops``). Deviation from the paper: dropout is possible.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: length K >= 1 of the longest walk.
        alpha: share of the node itself, in [0, 1).
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
        order: int = 16,
        alpha: ArrayLike = 0.05,
        **body: Unpack[Body],
    ):
        body = {"embedding": "linear", "placement": "before", "dropout": 0.0, **body}
        super().__init__(
            in_features, classes, lambda _, dtype: Average(order, alpha, dtype=dtype), **body
        )


class Average(Series):
    """The filter g(x) = alpha + (1 - alpha)/K sum_{k=1..K} x^k; nothing is learned."""

    def __init__(self, order: int, alpha: ArrayLike, *, dtype: DTypeLike = jnp.float32):
        check_range("alpha (the share of the node itself)", alpha, 0, 1, "[)")
        check_count("order (the highest degree K)", order)
        self.order, self.alpha = order, Setting(jnp.asarray(alpha, dtype))

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`longnn.models.Series`."""
        alpha = self.alpha[...]
        rest = jnp.full(self.order, (1 - alpha) / self.order)
        theta = jnp.concatenate([alpha[None], rest])
        return monomial(self.order, dtype=alpha.dtype), theta[:, None]
