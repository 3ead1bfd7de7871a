"""Embeddings of node features, and the graph-free baseline."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float, PRNGKeyArray

from longnn.graphs.checks import check_count, check_range
from longnn.models.dropout import Key, NodeKey, ThreefryKey, drop, split_key
from longnn.models.features import Features, TwoLayers
from longnn.models.model import Setting
from longnn.operators.protocol import Operator


class Linear(nnx.Module):
    """A linear layer on features, H = dropout(X) W + c.

    W and c start uniform in +-1/sqrt(F).

    Args:
        in_features: number F of features of each node.
        classes: width C of the output.
        dropout: rate of the dropout on X, in [0, 1).
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if the rate lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        dropout: ArrayLike = 0.0,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_range("dropout", dropout, 0, 1, "[)")
        self.kernel = uniform(rngs.params(), (in_features, classes), in_features, dtype)
        self.bias = uniform(rngs.params(), (classes,), in_features, dtype)
        self.dropout = Setting(jnp.asarray(dropout, dtype))

    def project(self, features: Features, key: Key | None = None) -> Float[Array, "N C"]:
        """Returns dropout(X) W, without the bias; dropout is on where a key is given."""
        return features.project(self.kernel[...], self.dropout[...], key)

    def embed(self, features: Features, key: Key | None = None) -> Float[Array, "N C"]:
        """Returns dropout(X) W + c; dropout is on where a key is given."""
        return self.project(features, key) + self.bias[...]


class Affine(nnx.Module):
    """A linear layer on node signals, h W + c.

    W and c start uniform in +-1/sqrt(H).

    Args:
        in_channels: width H of the input.
        channels: width C of the output.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.kernel = uniform(rngs.params(), (in_channels, channels), in_channels, dtype)
        self.bias = uniform(rngs.params(), (channels,), in_channels, dtype)

    def __call__(self, h: Float[Array, "N H"]) -> Float[Array, "N C"]:
        """Maps signals h [N, H] to h W + c [N, C]."""
        return tall_product(h, self.kernel[...]) + self.bias[...]


class MLP(nnx.Module):
    """A perceptron of two layers: an embedding of features, and the baseline without a graph.

    H = W2 dropout(relu(W1 dropout(X) + c1)) + c2. As a model it returns H itself. Weights and
    biases start uniform in +-1/sqrt(fan_in).

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        hidden: width of the hidden layer, >= 1.
        dropout: rate of the dropout on X and on the hidden layer, in [0, 1).
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        hidden: int = 64,
        dropout: ArrayLike = 0.5,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_count("hidden", hidden)
        self.first = Linear(in_features, hidden, dropout=dropout, dtype=dtype, rngs=rngs)
        self.second = Affine(hidden, classes, dtype=dtype, rngs=rngs)

    def embed(self, features: Features, key: Key | None = None) -> Float[Array, "N C"]:
        """Returns the embedding H of features; dropout is on where a key is given."""
        rate = self.first.dropout[...]
        if isinstance(features, TwoLayers) and not isinstance(key, ThreefryKey | NodeKey):
            weights = self.first.kernel[...], self.first.bias[...], self.second.kernel[...]
            return features.two_layers(*weights, rate, key) + self.second.bias[...]
        outer, inner = split_key(key, 2)
        return self.second(relu_dropout(self.first.embed(features, outer), rate, inner))

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "N C"]:
        """Returns H, logits or values; the graph is not used."""
        return self.embed(features, key)

    def hops(self) -> int:
        """Returns 0: the output of a node depends on its own features alone."""
        return 0


@jax.custom_vjp
def relu_dropout(
    x: Float[Array, "*shape"], rate: Float[Array, ""], key: Key | None
) -> Float[Array, "*shape"]:
    """Returns dropout(relu(x)); its gradient needs no mask, since what was kept is positive.

    Args:
        x: [...] values.
        rate: rate of the dropout, a scalar in [0, 1).
        key: the dropout's key, or None for evaluation.
    """
    return drop(jax.nn.relu(x), rate, key)


def _relu_dropout_forward(
    x: Array, rate: Array, key: Key | None
) -> tuple[Array, tuple[Array, Array]]:
    out = relu_dropout(x, rate, key)
    return out, (out, jnp.ones_like(rate) if key is None else 1 / (1 - rate))


def _relu_dropout_backward(residuals: tuple[Array, Array], g: Array) -> tuple[Array, None, None]:
    out, scale = residuals
    return jnp.where(out > 0, scale * g, 0), None, None


relu_dropout.defvjp(_relu_dropout_forward, _relu_dropout_backward)


@jax.custom_vjp
def tall_product(x: Float[Array, "N H"], weight: Float[Array, "H C"]) -> Float[Array, "N C"]:
    """Returns x W for x with many rows; it has a derivative in reverse mode only.

    XLA's own gradient in the weight contracts the long dimension of both factors in an order that
    its CPU library of products does not know, and takes several times as long as this one.

    Args:
        x: [N, H] signals, N large.
        weight: [H, C] matrix W.
    """
    return x @ weight


def _tall_backward(residuals: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    x, weight = residuals
    # without the barrier XLA turns the second product back into the slow one
    return g @ weight.T, jax.lax.optimization_barrier(g.T @ x).T


tall_product.defvjp(lambda x, weight: (x @ weight, (x, weight)), _tall_backward)


def uniform(key: PRNGKeyArray, shape: tuple[int, ...], fan_in: int, dtype: DTypeLike) -> nnx.Param:
    """Returns a parameter that is uniform in +-1/sqrt(fan_in), in the optimizer group "mlp".

    Args:
        key: random key of the draw.
        shape: shape of the parameter.
        fan_in: number of inputs of the layer.
        dtype: data type of the parameter.
    """
    bound = max(fan_in, 1) ** -0.5
    # drawn in float32, so that a seed means the same initial values in float64
    drawn = jax.random.uniform(key, shape, jnp.float32, -bound, bound)
    return nnx.Param(drawn.astype(dtype), group="mlp")
