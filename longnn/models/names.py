"""The models by name: in a config, as a class, and in the literature.

Nothing is imported before a class is asked for, so that a table of results needs no framework.
"""

import difflib
import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import flax.nnx


class Named(NamedTuple):
    """What a model is called: its class in ``longnn.models``, and its name in the literature."""

    class_name: str
    title: str


MODELS = {
    "longnn": Named("LonGNN", "LON-GNN"),
    "jacobiconv": Named("JacobiConv", "JacobiConv"),
    "gprgnn": Named("GPRGNN", "GPR-GNN"),
    "appnp": Named("APPNP", "APPNP"),
    "sgc": Named("SGC", "SGC"),
    "ssgc": Named("SSGC", "S2GC"),
    "heat": Named("HeatKernel", "heat kernel"),
    "chebnet": Named("ChebNet", "ChebNet"),
    "chebnetii": Named("ChebNetII", "ChebNetII"),
    "bernnet": Named("BernNet", "BernNet"),
    "favardgnn": Named("FavardGNN", "FavardGNN"),
    "optbasisgnn": Named("OptBasisGNN", "OptBasisGNN"),
    "krylovgnn": Named("KrylovGNN", "adaptive Krylov"),
    "tfgnn": Named("TFGNN", "TFGNN"),
    "acmgnn": Named("ACMGNN", "ACM-GNN"),
    "mlp": Named("MLP", "MLP"),
    "gcn": Named("GCN", "GCN"),
    "gat": Named("GAT", "GAT"),
    "sage": Named("SAGE", "SAGE"),
    "gat_sep": Named("GATSep", "GAT-sep"),
}
"""The name in a config (``model=NAME``) -> the class and the name in the literature."""

NAMES = {name: named.title for name, named in MODELS.items()}
"""The name in a config -> the name in the literature, in the order in which tables list them."""


def by_name(name: str) -> "type[flax.nnx.Module]":
    """Returns the class of a model.

    Args:
        name: the model's name in a config, one of :data:`NAMES`.

    Raises:
        ValueError: for any other name; the message gives the nearest one and all of them.

    Example:
        >>> by_name("gprgnn").__name__
        'GPRGNN'
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name.lower(), MODELS)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"unknown model {name!r}: {hint}The models are {', '.join(MODELS)}")
    return getattr(importlib.import_module(__package__), MODELS[name].class_name)
