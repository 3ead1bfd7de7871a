"""The settings of a fit by gradients."""

from dataclasses import dataclass

from longnn.fitting._parameters import Method
from longnn.fitting._ridge import check_ridge
from longnn.graphs.checks import check_word

PATIENCE = 4
"""The number of chunks over which squared errors are compared."""


@dataclass(frozen=True)
class Descent:
    """The settings of a fit by gradients.

    Attributes:
        method: "nesterov" (accelerated, with step sizes from the Gram matrix) or "adam".
        epochs: largest number of epochs, >= 1.
        lr: Adam's learning rate of the coefficients at the start, in units of |y| / |x|; > 0.
        lr_basis: Adam's learning rate of the exponents at the start, in both methods; >= 0.
        lr_fall: factor of both rates after ``epochs``, in (0, 1]; they fall geometrically.
        chunk: number of epochs between two propagations of the signals, >= 1.
        tol: the fit stops once no squared error has changed by this share in :data:`PATIENCE`
            chunks; 0 never stops it.
        ridge: strength of the penalty, see :func:`longnn.fitting.lstsq`; >= 0.

    Raises:
        ValueError: if a value is unknown or lies outside its range.
    """

    method: Method = "nesterov"
    epochs: int = 20000
    lr: float = 0.1
    lr_basis: float = 0.01
    lr_fall: float = 1e-4
    chunk: int = 500
    tol: float = 1e-5
    ridge: float = 0.0

    def __post_init__(self) -> None:
        check_ridge(self.ridge)
        check_word("method", self.method, Method)
        if min(self.epochs, self.chunk) < 1:
            raise ValueError(f"epochs and chunk must be >= 1, got {self.epochs} and {self.chunk}")
        if not (self.lr > 0 and self.lr_basis >= 0 and 0 < self.lr_fall <= 1 and self.tol >= 0):
            raise ValueError(
                "needed: lr > 0, lr_basis >= 0, 0 < lr_fall <= 1 and tol >= 0, got "
                f"{self.lr}, {self.lr_basis}, {self.lr_fall} and {self.tol}"
            )
