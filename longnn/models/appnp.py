"""APPNP: personalised PageRank of an embedding (arXiv 1810.05997)."""

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


class APPNP(Spectral):
    """An MLP whose outputs are spread by personalised PageRank (APPNP).

    Z = sum_k theta_k S^k H with the weights of personalised PageRank (arXiv 1810.05997, eq. 4); H
    is an MLP of the features. Nothing of the filter is learned.

    The model is meant for a graph with self-loops (``graph=self_loops``). Deviation from the paper:
    edges are not dropped out.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: probability of a teleport, in (0, 1).
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    self_loops = 1.0

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 0.1,
        **body: Unpack[Body],
    ):
        super().__init__(
            in_features, classes, lambda _, dtype: PageRank(order, alpha, dtype=dtype), **body
        )


class PageRank(Series):
    """The filter g(x) = sum_k theta_k x^k with theta of :func:`page_rank`; nothing is learned."""

    def __init__(self, order: int, alpha: ArrayLike, *, dtype: DTypeLike = jnp.float32):
        check_range("alpha (the probability of a teleport)", alpha, 0, 1, "()")
        check_count("order (the highest degree K)", order)
        self.order, self.alpha = order, Setting(jnp.asarray(alpha, dtype))

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`longnn.models.Series`."""
        alpha = self.alpha[...]
        theta = page_rank(self.order, alpha, alpha.dtype)
        return monomial(self.order, dtype=alpha.dtype), theta[:, None]


def page_rank(order: int, alpha: ArrayLike, dtype: DTypeLike = jnp.float32) -> Float[Array, " K1"]:
    """Returns the weights of personalised PageRank in powers of S.

    They are alpha (1 - alpha)^k for k < K, and (1 - alpha)^K for k = K; their sum is 1.
    Source: Gasteiger et al. (arXiv 1810.05997), eq. 4 written out.

    Args:
        order: highest degree K >= 1.
        alpha: probability of a teleport, in (0, 1).
        dtype: data type of the weights.

    Returns:
        [K+1] weights.

    Example:
        >>> print(page_rank(2, 0.5))
        [0.5  0.25 0.25]
    """
    alpha = jnp.asarray(alpha, dtype)
    powers = (1 - alpha) ** jnp.arange(order + 1, dtype=alpha.dtype)
    return jnp.where(jnp.arange(order + 1) < order, alpha * powers, powers)
