"""Spectral graph neural networks with learnable orthonormal bases, in JAX."""

import importlib
from typing import TYPE_CHECKING, Any

from longnn.lazy import attribute
from longnn.version import __version__

if TYPE_CHECKING:
    from longnn import analysis, data, models, plot, training
    from longnn.features import as_features
    from longnn.filters import filter
    from longnn.graph import Graph
    from longnn.operators import normalized_adjacency
    from longnn.saved import load

__all__ = [
    "Graph",
    "__version__",
    "analysis",
    "as_features",
    "data",
    "filter",
    "load",
    "models",
    "normalized_adjacency",
    "plot",
    "training",
]

_PACKAGES = ("analysis", "data", "models", "plot", "training")

_HOMES = {
    "Graph": "graph",
    "as_features": "features",
    "filter": "filters",
    "load": "saved",
    "normalized_adjacency": "operators",
}


def __getattr__(name: str) -> Any:
    """jax loads with the first name that needs it, so that command-line help and lists do not."""
    if name in _PACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    return attribute(__name__, _HOMES, name)
