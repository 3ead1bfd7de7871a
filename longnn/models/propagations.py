"""Propagations of a block that are no filters: sums over the neighbours, and attention."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.models.messages import attended
from longnn.models.mlp import Affine, uniform
from longnn.operators.protocol import Operator


class Smoothing(nnx.Module):
    """The propagation P(H) = S H, of GCN (arXiv 1609.02907, eq. 9)."""

    def __call__(self, operator: Operator, h: Float[Array, "N H"]) -> Float[Array, "N H"]:
        """Spreads signals."""
        return operator.matvec(h)

    def hops(self) -> int:
        """Returns 1."""
        return 1


class BesideOwn(nnx.Module):
    """The propagation P(H) = [H, S H] [N, 2 H] of SAGE (arXiv 1706.02216, algorithm 1, line 5)."""

    def __call__(self, operator: Operator, h: Float[Array, "N H"]) -> Float[Array, "N M"]:
        """Spreads signals."""
        return jnp.concatenate([h, operator.matvec(h)], axis=1)

    def hops(self) -> int:
        """Returns 1."""
        return 1


class Attending(nnx.Module):
    """The propagation of GAT: for each head, an average of the neighbours (arXiv 1710.10903).

    Args:
        channels: width H of the signals, a multiple of ``heads``.
        heads: number of heads, >= 1.
        linear: whether a linear layer H W + c stands in front of the attention.
        own: whether the result is [H', attended H'] for the H' that are attended to, instead of the
            averages alone (GAT-sep of arXiv 2302.11640).
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if the width is no multiple of the number of heads.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        linear: bool,
        own: bool,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if channels % heads:
            raise ValueError(f"hidden must be a multiple of heads={heads}, got {channels}")
        width, self.own = channels // heads, own
        self.linear = Affine(channels, channels, dtype=dtype, rngs=rngs) if linear else None
        self.sender = uniform(rngs.params(), (heads, width), width, dtype)
        self.receiver = uniform(rngs.params(), (heads, width), width, dtype)

    def __call__(self, operator: Operator, h: Float[Array, "N H"]) -> Float[Array, "N M"]:
        """Spreads signals; M is 2 H with the signals themselves, else H."""
        h = h if self.linear is None else self.linear(h)
        by_heads = h.reshape(-1, *self.sender.shape)
        out = attended(operator, by_heads, self.sender[...], self.receiver[...]).reshape(h.shape)
        return jnp.concatenate([h, out], axis=1) if self.own else out

    def hops(self) -> int:
        """Returns 1."""
        return 1
