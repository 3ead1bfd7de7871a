"""Spectral graph neural networks with learnable orthonormal bases, in JAX."""

from longnn.features import as_features
from longnn.filters import filter
from longnn.graph import Graph
from longnn.operators import normalized_adjacency

__version__ = "0.1.0"

__all__ = ["Graph", "as_features", "filter", "normalized_adjacency"]
