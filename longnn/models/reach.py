"""How far a model looks: how many edges lie between a node and what its output depends on."""

from collections.abc import Iterable


def hops_of(module: object) -> int | None:
    """How many edges away a model, a filter or a layer looks, where it says so by ``hops()``.

    A class that computes something else than the one that says it, by a ``__call__`` of its own,
    says nothing.

    Args:
        module: a model, a filter or a layer.

    Returns:
        The number of edges, or None if it is not known or the whole graph decides.

    Example:
        >>> from flax import nnx
        >>> from longnn.models import LonGNN, OptBasisGNN
        >>> hops_of(LonGNN(5, 3, order=4, placement="stacked", layers=2, rngs=nnx.Rngs(0)))
        8
        >>> hops_of(OptBasisGNN(5, 3, rngs=nnx.Rngs(0))) is None
        True
    """
    bases = type(module).__mro__
    said, computed = (
        next((place for place, base in enumerate(bases) if name in vars(base)), len(bases))
        for name in ("hops", "__call__")
    )
    return module.hops() if said < len(bases) and said <= computed else None  # type: ignore[attr-defined]


def hops_together(modules: Iterable[object]) -> int | None:
    """How many edges away filters or layers look that stand one after the other."""
    hops = [hops_of(module) for module in modules]
    return None if None in hops else sum(h for h in hops if h is not None)
