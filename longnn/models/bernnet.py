"""BernNet: a filter given by its values, in Bernstein polynomials (arXiv 2106.10994)."""

from typing import Unpack

from longnn.models.series import NonNegative
from longnn.models.spectral import Body, Spectral
from polybases import bernstein


class BernNet(Spectral):
    """An MLP and a filter in Bernstein polynomials (BernNet).

    Z = sum_k relu(gamma_k) b_k(S) H (arXiv 2106.10994, eq. 4); H is an MLP of the features. gamma_k
    is about the response at lambda = 2k/K. All channels share gamma, which starts at 1, an all-pass
    filter. The optimizer groups are "mlp" and "coefficients" (gamma).

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
            lambda _, dtype: NonNegative(bernstein, order, dtype=dtype),
            **body,
        )
