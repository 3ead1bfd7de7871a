"""The heat kernel of a graph as a filter (Kondor and Lafferty, ICML 2002)."""

from typing import Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.model import Setting
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, chebyshev_interpolation, chebyshev_nodes


class HeatKernel(Spectral):
    """Z = exp(-t L) H; in graph networks e.g. GDC (arXiv 1911.05485, section 3).

    Optimizer groups: mlp, basis (log t).

    Args:
        in_features: F.
        classes: C.
        order: K >= 1.
        t: initial time of diffusion, > 0.
        learnable: whether t is a parameter.
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
        t: ArrayLike = 3.0,
        learnable: bool = True,
        **body: Unpack[Body],
    ):
        make = lambda channels, dtype: Heat(order, t, learnable=learnable, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)


class Heat(Series):
    """g(lambda) = exp(-t lambda), interpolated at Chebyshev nodes by a polynomial of degree K.

    The error falls as I_K(t) exp(-t) (Jacobi-Anger, DLMF 10.35.2): 4e-7 at t = 3, K = 10.
    """

    def __init__(
        self, order: int, t: ArrayLike, *, learnable: bool = True, dtype: DTypeLike = jnp.float32
    ):
        check_range("t (the time of diffusion)", t, 0, float("inf"), "()")
        variable = nnx.Param if learnable else Setting
        check_count("order (the highest degree K)", order)
        self.order = order
        self.log_t = variable(jnp.log(jnp.asarray(t, dtype)), group="basis")

    def terms(self) -> tuple[Recurrence, Array]:
        """See :class:`longnn.models.Series`."""
        t = jnp.exp(self.log_t[...])
        interpolation = chebyshev_interpolation(self.order, dtype=t.dtype)
        x = jnp.asarray(chebyshev_nodes(self.order + 1), t.dtype)
        theta = interpolation.coefficients(jnp.exp(-t * (1 - x)))
        return interpolation.recurrence, theta[:, None]

    def scalars(self) -> dict[str, Array]:
        """The time of diffusion."""
        return {"t": jnp.exp(self.log_t[...])}
