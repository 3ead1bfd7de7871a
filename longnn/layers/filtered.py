"""What layers that filter each output channel have in common."""

from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from longnn.layers.linear import Linear
from longnn.layers.operator import check_operator
from longnn.models.coefficients import Decomposed
from longnn.models.series import Basis, InBasis


class Filtered(nnx.Module):
    """The layer sum_k theta_kc p_k(S) (X W + b)_c, with decomposed coefficients theta.

    Args:
        linear: the map X W + b.
        basis: gives the polynomials p_0 .. p_K.
        order: K >= 1.
        gamma0: scale of the factors of the decomposition, > 0.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    def __init__(self, linear: Linear, basis: Basis, order: int, gamma0: ArrayLike):
        ones, outputs = jnp.ones(check_count("order", order) + 1), linear.kernel.shape[-1]
        self.linear = linear
        self.filter = InBasis(basis, Decomposed(ones, outputs, gamma0, dtype=linear.kernel.dtype))

    def __call__(self, operator: Any, x: Float[ArrayLike, "N F"]) -> Float[Array, "N C"]:
        """Applies the layer.

        Args:
            operator: S = D^-1/2 A D^-1/2 of a graph of N nodes, or another symmetric operator
                with its spectrum in [-1, 1].
            x: [N, F] features.

        Returns:
            [N, C] array of the dtype of x.

        Raises:
            TypeError: if the operator is none.
            ValueError: if shapes do not fit, or x is not real.
        """
        x = self.linear(x)
        return self.filter(check_operator(operator, x.dtype), x)
