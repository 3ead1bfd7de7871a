"""The heat kernel of a graph as a filter (Kondor and Lafferty, ICML 2002)."""

from typing import Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range
from longnn.models.model import Setting
from longnn.models.series import Series
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, chebyshev_interpolation, chebyshev_nodes


class HeatKernel(Spectral):
    """An MLP whose outputs diffuse over the graph for a learned time (heat kernel).

    Z = exp(-t L) H, as in Kondor and Lafferty (ICML 2002) and, in graph networks, in GDC (arXiv
    1911.05485, section 3); H is an MLP of the features. The optimizer groups are "mlp" and "basis"
    (log t).

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the polynomial that approximates the kernel.
        t: initial time of diffusion, > 0.
        learnable: whether t is a parameter.
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
        t: ArrayLike = 3.0,
        learnable: bool = True,
        **body: Unpack[Body],
    ):
        super().__init__(
            in_features,
            classes,
            lambda _, dtype: Heat(order, t, learnable=learnable, dtype=dtype),
            **body,
        )


class Heat(Series):
    """The filter g(lambda) = exp(-t lambda), interpolated at Chebyshev nodes by degree K.

    The error falls as I_K(t) exp(-t) (Jacobi-Anger, DLMF 10.35.2): it is 4e-7 at t = 3, K = 10.
    """

    def __init__(
        self, order: int, t: ArrayLike, *, learnable: bool = True, dtype: DTypeLike = jnp.float32
    ):
        check_range("t (the time of diffusion)", t, 0, float("inf"), "()")
        variable = nnx.Param if learnable else Setting
        check_count("order (the highest degree K)", order)
        self.order = order
        self.log_t = variable(jnp.log(jnp.asarray(t, dtype)), group="basis")

    def terms(self) -> tuple[Recurrence, Float[Array, "K1 C"]]:
        """See :class:`longnn.models.Series`."""
        t = jnp.exp(self.log_t[...])
        interpolation = chebyshev_interpolation(self.order, dtype=t.dtype)
        x = jnp.asarray(chebyshev_nodes(self.order + 1), t.dtype)
        theta = interpolation.coefficients(jnp.exp(-t * (1 - x)))
        return interpolation.recurrence, theta[:, None]

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns the time of diffusion, as "t"."""
        return {"t": jnp.exp(self.log_t[...])}
