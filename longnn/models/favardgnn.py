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
    """A model in which each channel learns an orthonormal basis of its own (FavardGNN).

    Z = g(S) relu(X W1 + c1) W2 + c2, with g_c = sum_k theta_kc p_kc for each hidden channel c. The
    polynomials p_kc have learned recurrence coefficients (arXiv 2302.12432, algorithm 2), whose
    diagonal starts at 0 and whose off-diagonal starts at 1; theta_c starts at (1, 0, ..., 0).
    Deviations from the published code: the off-diagonal is a softplus instead of being clipped, and
    p_0 = 1. The optimizer groups are "mlp", "coefficients" (theta) and "basis".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`;
            ``placement="inside"`` is the default here.

    Raises:
        ValueError: if a setting lies outside its range.
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
