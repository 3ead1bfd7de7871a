"""Spectral graph neural networks with learnable orthonormal bases, in JAX."""

from longnn.features import as_features
from longnn.filters import filter
from longnn.graph import Graph
from longnn.operators import normalized_adjacency
from longnn.version import __version__

__all__ = ["Graph", "__version__", "as_features", "filter", "normalized_adjacency"]
