"""GPR-GNN: learned generalised PageRank weights (arXiv 2101.07988)."""

from typing import Unpack

from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.appnp import page_rank
from longnn.models.coefficients import Free
from longnn.models.series import Fixed, InBasis
from longnn.models.spectral import Body, Spectral
from polybases import monomial


class GPRGNN(Spectral):
    """An MLP and learned weights of the powers of S (GPR-GNN).

    Z = sum_k gamma_k S^k H with gamma that all channels share (arXiv 2101.07988, eq. 2); H is an
    MLP of the features. gamma starts as personalised PageRank. The model is meant for a graph with
    self-loops (``graph=self_loops``). The optimizer groups are "mlp" and "coefficients" (gamma).

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: probability of a teleport of the initial gamma, in [0, 1]. 1 starts as the identity,
            0 starts as S^K.
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
        check_count("order (the highest degree K)", order)
        check_range("alpha (the probability of a teleport)", alpha, 0, 1, "[]")

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            gamma = Free(page_rank(order, alpha, dtype), channels=1, dtype=dtype)
            return InBasis(Fixed(monomial, order, dtype=dtype), gamma)

        super().__init__(in_features, classes, make, **body)
