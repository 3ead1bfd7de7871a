"""A bank of a low-pass and a high-pass channel, mixed at each node (ACM-GNN, arXiv 2210.07606)."""

from typing import Unpack

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.mlp import uniform
from longnn.models.stack import Layers, Made, Stack
from longnn.operators.protocol import Operator


class ACMGNN(Stack):
    """H_L = relu(S H W_L), H_H = relu((I - S) H W_H), H_I = relu(H W_I), and at each node i
    H <- 3 sum_c a_ic H_c with a_i = softmax(sigmoid([H_L v_L, H_H v_H, H_I v_I]) M / 3) (eq. 8).

    Meant for a graph with self-loops (``graph=self_loops``, and ``graph.degree_exponent=1`` for
    the paper's average over neighbours). ``identity=False`` leaves the two channels of FAGNN-like
    banks.
    Optimizer group: mlp.

    Args:
        in_features: F.
        classes: C.
        identity: whether there is a third channel without the graph.
        body: settings of :class:`longnn.models.stack.Stack`.

    Raises:
        ValueError: for a setting outside its range.
    """

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
    """Low-pass, high-pass and identity channels, weighed at each node."""

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
    ) -> Array:
        """X [N, F] -> [N, C]."""
        channels, width = self.score.shape
        projected = features.project(self.kernel[...], rate, key)
        two = projected[:, : 2 * width]
        smooth = operator.matvec(two)
        parts = [smooth[:, :width], (two - smooth)[:, width:], projected[:, 2 * width :]]
        h = jax.nn.relu(jnp.stack(parts[:channels], axis=1))  # [N, channels, C]
        scores = jax.nn.sigmoid(jnp.einsum("nkc,kc->nk", h, self.score[...]))
        weights = jax.nn.softmax(scores @ self.mix[...] / channels)
        return channels * jnp.einsum("nk,nkc->nc", weights, h)
