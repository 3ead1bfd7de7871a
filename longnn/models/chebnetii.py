"""ChebNetII: a filter given by its values at Chebyshev nodes (arXiv 2202.03580)."""

from typing import Unpack

from longnn.models.series import NonNegative
from longnn.models.spectral import Body, Spectral
from polybases import chebyshev_interpolation


class ChebNetII(Spectral):
    """An MLP and a filter given by its values at the Chebyshev nodes (ChebNetII).

    Z = g(S) H, where g is the polynomial of degree K with g(x_j) = relu(gamma_j) at the K+1
    Chebyshev nodes (arXiv 2202.03580, eq. 8); H is an MLP of the features. All channels share
    gamma, which starts at 1, an all-pass filter. The optimizer groups are "mlp" and "coefficients"
    (gamma).

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`.

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
        super().__init__(
            in_features,
            classes,
            lambda _, dtype: NonNegative(chebyshev_interpolation, order, dtype=dtype),
            **body,
        )
