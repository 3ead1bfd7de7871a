"""ChebNetII: a filter given by its values at Chebyshev nodes (arXiv 2202.03580)."""

from typing import Unpack

from longnn.models.series import NonNegative
from longnn.models.spectral import Body, Spectral
from polybases import chebyshev_interpolation


class ChebNetII(Spectral):
    """Z = g(S) H, g of degree K with g(x_j) = relu(gamma_j) at the K+1 Chebyshev nodes (eq. 8).

    All channels share gamma, which starts at 1, an all-pass filter; H is an MLP. Optimizer groups:
    mlp, w.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
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
        **body: Unpack[Body],
    ):
        make = lambda channels, dtype: NonNegative(chebyshev_interpolation, order, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)
