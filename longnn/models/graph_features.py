"""Features of a batch of graphs, which say of which graph each row is."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int32

from longnn.models.dropout import Key
from longnn.models.matrices import DenseFeatures
from longnn.operators.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GraphFeatures:
    """Dense features of the rows of a batch of g graphs.

    Attributes:
        dense: [R, F] of the rows; 0 where a row has no node.
        slot: [R] the place of the graph of each row in the batch, g where it has none.
        graphs: g.
    """

    dense: DenseFeatures
    slot: Int32[Array, " R"]
    graphs: int = static()

    @property
    def shape(self) -> tuple[int, int]:
        """(R, F)."""
        return self.dense.shape

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the values."""
        return self.dense.dtype

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "R H"]:
        """See :class:`longnn.models.features.Features`."""
        return self.dense.project(weight, rate, key)
