"""A bank of a low-pass and a high-pass channel, mixed at each node (ACM-GNN, arXiv 2210.07606)."""

from typing import Unpack

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.mlp import uniform
from longnn.models.stack import Layers, Made, Stack
from longnn.operators.protocol import Operator


class ACMGNN(Stack):
    """A classifier whose layers mix a low-pass, a high-pass and an identity channel (ACM-GNN).

    A layer computes H_L = relu(S H W_L), H_H = relu((I - S) H W_H) and H_I = relu(H W_I). At each
    node i it returns 3 sum_c a_ic H_c with a_i = softmax(sigmoid([H_L v_L, H_H v_H, H_I v_I]) M /
    3) (arXiv 2210.07606, eq. 8).

    The model is meant for a graph with self-loops (``graph=self_loops``), and for
    ``graph.degree_exponent=1`` where the paper's average over the neighbours is wanted. All
    parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        identity: whether there is the third channel, which does not use the graph. Without it the
            layer is a bank of two filters, as in FAGNN.
        body: the settings of every model of layers, see :class:`longnn.models.stack.Stack`.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    self_loops = 1.0

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        identity: bool = True,
        **body: Unpack[Layers],
    ):
        channels = 3 if identity else 2

        def make(width_in: int, width_out: int, last: bool, **made: Unpack[Made]) -> Mixture:
            return Mixture(width_in, width_out, channels, **made)

        super().__init__(in_features, classes, make, **body)


class Mixture(nnx.Module):
    """One layer: a low-pass, a high-pass and an identity channel, weighed at each node."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        channels: int,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        shape = (width_in, channels * width_out)  # W_L, W_H, W_I side by side
        self.kernel = uniform(rngs.params(), shape, width_in, dtype)
        self.score = uniform(rngs.params(), (channels, width_out), width_out, dtype)
        self.mix = uniform(rngs.params(), (channels, channels), channels, dtype)

    def __call__(
        self, operator: Operator, features: Features, rate: ArrayLike, key: Key | None
    ) -> Float[Array, "N C"]:
        """Maps features X [N, F] to signals [N, C]."""
        channels, width = self.score.shape
        projected = features.project(self.kernel[...], rate, key)
        two = projected[:, : 2 * width]
        smooth = operator.matvec(two)
        parts = [smooth[:, :width], (two - smooth)[:, width:], projected[:, 2 * width :]]
        h = jax.nn.relu(jnp.stack(parts[:channels], axis=1))  # [N, channels, C]
        scores = jax.nn.sigmoid(jnp.einsum("nkc,kc->nk", h, self.score[...]))
        weights = jax.nn.softmax(scores @ self.mix[...] / channels)
        return channels * jnp.einsum("nk,nkc->nc", weights, h)

    def hops(self) -> int:
        """Returns 1."""
        return 1
