"""ChebNet: Chebyshev polynomials with a matrix for each degree (arXiv 1606.09375)."""

from typing import Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.mlp import uniform
from longnn.models.stack import Layers, Made, Stack
from longnn.operators.protocol import Operator
from polybases import chebyshev, combine


class ChebNet(Stack):
    """Layers of Chebyshev filters with a matrix of weights for each degree (ChebNet).

    A layer computes relu(sum_k T_k(S) H W_k + c) (arXiv 1606.09375, eqs. 4 and 5). Deviations from
    the paper: T_k(S) stands where the paper has T_k(L - I) = (-1)^k T_k(S), whose sign W_k takes
    over; there is no pooling. All parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of each layer.
        body: the settings of every model of layers, see :class:`longnn.models.stack.Stack`.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 2,
        **body: Unpack[Layers],
    ):
        check_count("order (the highest degree K)", order)

        def make(
            width_in: int, width_out: int, last: bool, **made: Unpack[Made]
        ) -> MatrixChebyshev:
            return MatrixChebyshev(width_in, width_out, order, **made)

        super().__init__(in_features, classes, make, **body)


class MatrixChebyshev(nnx.Module):
    """One layer sum_k T_k(S) X W_k + c, by K products with S at the width of its output."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        order: int,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.order = order
        shape = (width_in, (order + 1) * width_out)  # W_0, ..., W_K side by side
        self.kernel = uniform(rngs.params(), shape, (order + 1) * width_in, dtype)
        self.bias = uniform(rngs.params(), (width_out,), (order + 1) * width_in, dtype)

    def __call__(
        self, operator: Operator, features: Features, rate: ArrayLike, key: Key | None
    ) -> Float[Array, "N C"]:
        """Maps features X [N, F] to signals [N, C]."""
        bias = self.bias[...]
        projected = features.project(self.kernel[...], rate, key)
        terms = jnp.moveaxis(projected.reshape(-1, self.order + 1, len(bias)), 1, 0)
        basis = chebyshev(self.order, "T", "standard", dtype=projected.dtype)
        return combine(basis, operator.matvec, terms) + bias

    def hops(self) -> int:
        """Returns the degree K."""
        return self.order
