"""OptBasisGNN: each channel in the basis of its own Krylov space (arXiv 2302.12432)."""

from typing import NoReturn, Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike

from longnn.filters.lanczos import lanczos_coefficients, lanczos_filter
from longnn.graphs.checks import check_count
from longnn.models.coefficients import Free
from longnn.models.spectral import Body, Spectral
from longnn.operators.protocol import Operator


class OptBasisGNN(Spectral):
    """Z = (sum_k theta_kc v_kc) W2 + c2 with v_kc the Lanczos vectors of channel c of the hidden
    layer (algorithms 4 and 5), orthonormal over the nodes; theta_c = (1, 0, ..., 0) at the start.

    The filter depends on the signal, so the model has no response of lambda alone:
    ``model.filters[0].response_to(operator, h, x)`` is that on a signal. As in the published code
    the lost length of h is not restored, and gradients pass through the basis; no noise is added
    to the signal. Optimizer groups: mlp, w.

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
        body = {"placement": "inside", **body}
        make = lambda channels, dtype: Lanczos(order, channels, dtype=dtype)  # noqa: E731
        super().__init__(in_features, classes, make, **body)

    @property
    def response(self) -> NoReturn:
        """There is none of lambda alone."""
        raise AttributeError(
            "the filter of OptBasisGNN depends on the signal; its response is "
            "model.filters[0].response_to(operator, h, x)"
        )

    @property
    def theta(self) -> NoReturn:
        """There is no basis that all channels and signals share."""
        raise AttributeError("OptBasisGNN has no coefficients in a basis of lambda")


class Lanczos(nnx.Module):
    """h_c -> sum_k theta_kc v_kc in the Lanczos vectors of h_c."""

    def __init__(self, order: int, channels: int, *, dtype: DTypeLike = jnp.float32):
        check_count("order (the highest degree K)", order)
        self.coefficients = Free(jnp.eye(order + 1)[0], channels, dtype=dtype)

    def __call__(self, operator: Operator, h: Array) -> Array:
        """h [N, C] -> [N, C]."""
        return lanczos_filter(operator, self.coefficients(), h)

    def response_to(self, operator: Operator, h: Array, x: Array) -> Array:
        """g_c(x) of the filter that h [N, C] gets, at x = 1 - lambda: [...] -> [..., C]."""
        theta = self.coefficients()
        start, diagonal, lengths = lanczos_coefficients(operator, len(theta) - 1, h)
        inverse = lambda a: jnp.where(a > 0, 1 / jnp.where(a > 0, a, 1), 0)  # noqa: E731
        lower = jnp.concatenate([jnp.zeros_like(lengths[:1]), lengths[:-1]])
        current = inverse(start) * jnp.ones_like(x)[..., None]
        previous = jnp.zeros_like(current)
        total = theta[0] * current
        for k in range(len(theta) - 1):
            following = (x[..., None] - diagonal[k]) * current - lower[k] * previous
            previous, current = current, following * inverse(lengths[k])
            total = total + theta[k + 1] * current
        return total

    def scalars(self) -> dict[str, Array]:
        """None."""
        return {}
