"""OptBasisGNN: each channel in the basis of its own Krylov space (arXiv 2302.12432)."""

from typing import NoReturn, Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.filters.lanczos import lanczos_coefficients, lanczos_filter
from longnn.graphs.checks import check_count
from longnn.models.coefficients import Free
from longnn.models.spectral import Body, Spectral
from longnn.operators.protocol import Operator


class OptBasisGNN(Spectral):
    """A model in which each channel is filtered in the basis of its own Krylov space (OptBasisGNN).

    Z = (sum_k theta_kc v_kc) W2 + c2, where the v_kc are the Lanczos vectors of channel c of the
    hidden layer, orthonormal over the nodes (arXiv 2302.12432, algorithms 4 and 5). theta_c starts
    at (1, 0, ..., 0). As in the published code, the lost length of h is not restored, and gradients
    pass through the basis; no noise is added to the signal. The optimizer groups are "mlp" and
    "coefficients" (theta).

    The filter depends on the signal, so the model has no response of lambda alone;
    ``model.filters[0].response_to(operator, h, x)`` is the response on a signal.

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
        body = {"placement": "inside", **body}
        super().__init__(
            in_features,
            classes,
            lambda channels, dtype: Lanczos(order, channels, dtype=dtype),
            **body,
        )

    @property
    def response(self) -> NoReturn:
        """Raises an AttributeError: there is no response of lambda alone."""
        raise AttributeError(
            "the filter of OptBasisGNN depends on the signal; its response is "
            "model.filters[0].response_to(operator, h, x)"
        )

    @property
    def theta(self) -> NoReturn:
        """Raises an AttributeError: there is no basis that all channels and signals share."""
        raise AttributeError("OptBasisGNN has no coefficients in a basis of lambda")


class Lanczos(nnx.Module):
    """The filter h_c -> sum_k theta_kc v_kc in the Lanczos vectors v_kc of h_c."""

    def __init__(self, order: int, channels: int, *, dtype: DTypeLike = jnp.float32):
        check_count("order (the highest degree K)", order)
        self.coefficients = Free(jnp.eye(order + 1)[0], channels, dtype=dtype)

    def __call__(self, operator: Operator, h: Float[Array, "N C"]) -> Float[Array, "N C"]:
        """Filters signals h [N, C]."""
        return lanczos_filter(operator, self.coefficients(), h)

    def response_to(
        self, operator: Operator, h: Float[Array, "N C"], x: Float[Array, "*points"]
    ) -> Float[Array, "*points C"]:
        """Returns the response of the filter that signals get.

        Args:
            operator: symmetric S of N nodes.
            h: [N, C] signals.
            x: [...] points x = 1 - lambda in [-1, 1].

        Returns:
            [..., C] values g_c(x).
        """
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

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns nothing: the filter has no value worth a curve."""
        return {}
