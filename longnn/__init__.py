"""Spectral graph neural networks with learnable orthonormal bases, in JAX."""

from typing import TYPE_CHECKING, Any

from longnn.lazy import attribute
from longnn.version import __version__

if TYPE_CHECKING:
    from longnn.features import as_features
    from longnn.filters import filter
    from longnn.graph import Graph
    from longnn.operators import normalized_adjacency

__all__ = ["Graph", "__version__", "as_features", "filter", "normalized_adjacency"]

_HOMES = {
    "Graph": "graph",
    "as_features": "features",
    "filter": "filters",
    "normalized_adjacency": "operators",
}


def __getattr__(name: str) -> Any:
    """jax loads with the first name that needs it, so that command-line help and lists do not."""
    return attribute(__name__, _HOMES, name)
