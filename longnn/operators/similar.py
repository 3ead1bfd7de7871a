"""D^-r A D^(r-1) as a diagonal similarity of S."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.graphs.device import on_device
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import degree_power
from longnn.operators.protocol import Operator


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SimilarOperator:
    """P = diag(a) S diag(a)^-1; p(P) = diag(a) p(S) diag(a)^-1, so `longnn.filter` sweeps S.

    Attributes:
        symmetric: S.
        scale: [N] a, positive.
    """

    symmetric: Operator
    scale: Float[Array, " N"]

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> P x [N, ...]."""
        return self.outside(self.symmetric.matvec(self.inside(x)))

    def inside(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """diag(a)^-1 x."""
        check_signal(x, len(self.scale))
        return x / self._column(x)

    def outside(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """diag(a) x."""
        return x * self._column(x)

    def _column(self, x: Array) -> Array:
        return self.scale.reshape(-1, *(1,) * (x.ndim - 1)).astype(x.dtype)


def similar_operator(
    symmetric: Operator, graph: Graph, r: float, dtype: DTypeLike = jnp.float32
) -> Operator:
    """D^-r A D^(r-1) = D^(1/2-r) S D^(r-1/2): r = 1/2 is S, r = 1 averages over neighbours.

    Isolated nodes keep degree 1 in the scale, so that nothing is divided by zero.

    Args:
        symmetric: S of the graph.
        graph: N nodes.
        r: in [0, 1].
        dtype: of the scale.

    Raises:
        ValueError: for r outside [0, 1].
    """
    if not 0 <= r <= 1:
        raise ValueError(f"r of D^-r A D^(r-1) must lie in [0, 1], got {r}")
    if r == 0.5:
        return symmetric
    scale = degree_power(graph.degrees(), 0.5 - r, isolated=1.0)
    return SimilarOperator(symmetric, on_device(scale, dtype))
