"""FavardGNN: an orthonormal basis of its own for each channel (arXiv 2302.12432)."""

from typing import Unpack

import jax.numpy as jnp
from jax.typing import DTypeLike

from longnn.graphs.checks import check_count
from longnn.models.coefficients import Free
from longnn.models.series import InBasis
from longnn.models.spectral import Body, Spectral
from polybases.modules import Favard


class FavardGNN(Spectral):
    """Z = g(S) relu(X W1 + c1) W2 + c2, g_c = sum_k theta_kc p_kc of the hidden channels c.

    The p_kc have learned recurrence coefficients (algorithm 2), diagonal 0 and off-diagonal 1 at
    the start, theta_c = (1, 0, ..., 0). Deviations from the published code: the off-diagonal is a
    softplus instead of clipped, p_0 = 1. Optimizer groups: mlp, w, basis.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
        body: settings of :class:`longnn.models.Spectral`; placement="inside" here.

    Raises:
        ValueError: for a setting outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            basis = Favard(order, upper=1.0, shape=(channels,), dtype=dtype)
            return InBasis(basis, Free(jnp.eye(order + 1)[0], channels, dtype=dtype))

        body = {"placement": "inside", **body}
        super().__init__(in_features, classes, make, **body)
