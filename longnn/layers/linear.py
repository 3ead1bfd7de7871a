"""The weights of a layer, X W + b, in the data type of its input."""

import math
from typing import Required, TypedDict

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer, glorot_uniform
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from polybases.recurrence import check_real

GLOROT = glorot_uniform()


class Weights(TypedDict, total=False):
    """The settings of the weights that every layer passes on to :class:`Linear`."""

    use_bias: bool
    kernel_init: Initializer
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


class Linear(nnx.Module):
    """A linear map X W + b of node features, or several maps of one bias.

    The weights are cast to the data type of X, which that of the result follows.

    Args:
        in_features: number F of input features of each node.
        out_features: number C of output features of each node.
        maps: leading shape of W, for instance (K+1,) for a matrix of each degree.
        use_bias: whether there is a b; it starts at 0.
        kernel_init: a function (key, shape [F, C], dtype) that draws each matrix of W.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if a number of features is not an integer >= 1.

    Example:
        >>> layer = Linear(5, 3, rngs=nnx.Rngs(0))
        >>> print(layer(jnp.ones((4, 5))).shape, layer.kernel.shape, layer.bias.shape)
        (4, 3) (5, 3) (3,)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        maps: tuple[int, ...] = (),
        *,
        use_bias: bool = True,
        kernel_init: Initializer = GLOROT,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        shape = (check_count("in_features", in_features), check_count("out_features", out_features))
        # drawn in float32, so that a seed means the same initial values in float64
        drawn = [kernel_init(rngs.params(), shape, jnp.float32) for _ in range(math.prod(maps))]
        self.kernel = nnx.Param(jnp.stack(drawn).reshape(*maps, *shape).astype(dtype), group="mlp")
        self.bias = nnx.Param(jnp.zeros(out_features, dtype), group="mlp") if use_bias else None

    def __call__(self, x: Float[ArrayLike, "N F"]) -> Float[Array, "*maps N C"]:
        """Maps features X [N, F] to X W + b [N, C]."""
        return self.shift(self.project(x))

    def project(self, x: Float[ArrayLike, "N F"]) -> Float[Array, "*maps N C"]:
        """Returns X W, without the bias.

        Raises:
            ValueError: if X is not a real array of shape [N, F].
        """
        x = self.checked(x)
        return x @ self.kernel[...].astype(x.dtype)

    def shift(self, y: Float[Array, "*maps N C"]) -> Float[Array, "*maps N C"]:
        """Returns y + b, or y where there is no bias."""
        return y if self.bias is None else y + self.bias[...].astype(y.dtype)

    def checked(self, x: Float[ArrayLike, "N F"]) -> Float[Array, "N F"]:
        """Returns X as an array, or raises a ValueError unless it is real of shape [N, F]."""
        x, features = check_real(x), self.kernel.shape[-2]
        if x.ndim != 2 or x.shape[1] != features:
            raise ValueError(
                f"a layer of {features} input features takes x of shape [N, {features}], got "
                f"{x.shape}; put nodes into rows, and batches into jax.vmap"
            )
        return x

    @property
    def narrows(self) -> bool:
        """Whether there are fewer outputs than inputs, so that products are cheaper after W."""
        return self.kernel.shape[-1] < self.kernel.shape[-2]
