"""TFGNN: a filter of sines and cosines (arXiv 2404.15354)."""

from typing import Unpack

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.model import Setting
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, trigonometric


class TFGNN(Spectral):
    """Z = H + sum_{j=1..J} (a_j cos(j pi omega S) + b_j sin(j pi omega S)) H; H is an MLP.

    All channels share a and b, which start normal with variance 2/(J+1). Deviation: the waves are
    interpolated at Chebyshev nodes instead of cut off Taylor series, which at J = 6, omega = 0.3,
    K = 10 leaves an error of 3e-3 instead of 4. Optimizer groups: mlp, w.

    Args:
        in_features: F.
        classes: C.
        order: K >= J, degree of the polynomials; well above J pi omega.
        waves: J >= 1, frequencies.
        omega: base frequency in units of pi, > 0.
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
        waves: int = 4,
        omega: ArrayLike = 0.3,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)
        check_count("waves", waves)
        check_range("omega", omega, 0, float("inf"), "()")
        if waves > order:
            raise ValueError(f"waves={waves} must be at most order={order}")

        def make(channels: int, dtype: DTypeLike) -> Waves:
            return Waves(order, waves, omega, dtype=dtype, rngs=body["rngs"])

        super().__init__(in_features, classes, make, **body)


class Waves(Series):
    """1 plus a trigonometric polynomial of x."""

    def __init__(
        self,
        order: int,
        waves: int,
        omega: ArrayLike,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.order, self.waves = order, waves
        self.omega = Setting(jnp.asarray(omega, dtype))
        scale = (2 / (waves + 1)) ** 0.5
        drawn = scale * jax.random.normal(rngs.params(), (2 * waves,), dtype)
        self.amplitudes = nnx.Param(drawn, group="coefficients")  # cos, sin, cos, sin, ...

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`longnn.models.Series`; the basis is Chebyshev's, T_k."""
        amplitudes = self.amplitudes[...]
        combination = trigonometric(
            self.waves, jnp.pi * self.omega[...], degree=self.order, dtype=amplitudes.dtype
        )
        gamma = jnp.concatenate([jnp.ones_like(amplitudes[:1]), amplitudes])
        return combination.recurrence, combination.coefficients(gamma)[:, None]
