"""BernNet: a filter given by its values, in Bernstein polynomials (arXiv 2106.10994)."""

from typing import Unpack

from longnn.models.series import NonNegative
from longnn.models.spectral import Body, Spectral
from polybases import bernstein


class BernNet(Spectral):
    """Z = sum_k relu(gamma_k) b_k(S) H (eq. 4); gamma_k, about the response at lambda = 2k/K.

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
        make = lambda channels, dtype: NonNegative(bernstein, order, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)
