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
    """Z = sum_k gamma_k S^k H with learned gamma that all channels share (eq. 2); H is an MLP.

    gamma starts as personalised PageRank. Meant for a graph with self-loops
    (``graph=self_loops``). Optimizer groups: mlp, w.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
        alpha: teleport probability of the initial gamma, in [0, 1]; 1 starts as the identity, 0 as
            S^K.
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
        check_count("order (the highest degree K)", order)
        check_range("alpha (the probability of a teleport)", alpha, 0, 1, "[]")

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            gamma = Free(page_rank(order, alpha, dtype), channels=1, dtype=dtype)
            return InBasis(Fixed(monomial, order, dtype=dtype), gamma)

        super().__init__(in_features, classes, make, **body)
