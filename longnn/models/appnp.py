"""APPNP: personalised PageRank of an embedding (arXiv 1810.05997)."""

from typing import Unpack

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.model import Setting
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, monomial


class APPNP(Spectral):
    """Z = sum_k theta_k S^k H with the weights of personalised PageRank (eq. 4); H is an MLP.

    Meant for a graph with self-loops (``graph=self_loops``). Deviation: edges are not dropped out.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
        alpha: probability of a teleport, in (0, 1).
        body: settings of :class:`longnn.models.Spectral`.

    Raises:
        ValueError: for a setting outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 0.1,
        **body: Unpack[Body],
    ):
        make = lambda channels, dtype: PageRank(order, alpha, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)


class PageRank(Series):
    """g(x) = sum_k theta_k x^k with theta of :func:`page_rank`; nothing is learned."""

    def __init__(self, order: int, alpha: ArrayLike, *, dtype: DTypeLike = jnp.float32):
        check_range("alpha (the probability of a teleport)", alpha, 0, 1, "()")
        check_count("order (the highest degree K)", order)
        self.order, self.alpha = order, Setting(jnp.asarray(alpha, dtype))

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`longnn.models.Series`."""
        alpha = self.alpha[...]
        theta = page_rank(self.order, alpha, alpha.dtype)
        return monomial(self.order, dtype=alpha.dtype), theta[:, None]


def page_rank(order: int, alpha: ArrayLike, dtype: DTypeLike = jnp.float32) -> Array:
    """Personalised PageRank in powers of S: alpha (1 - alpha)^k, and (1 - alpha)^K for k = K.

    Source: Gasteiger et al. (arXiv 1810.05997), eq. 4 written out.

    Args:
        order: K >= 1.
        alpha: probability of a teleport, in (0, 1).

    Returns:
        [K+1], with sum 1.
    """
    alpha = jnp.asarray(alpha, dtype)
    powers = (1 - alpha) ** jnp.arange(order + 1)
    return jnp.where(jnp.arange(order + 1) < order, alpha * powers, powers)
