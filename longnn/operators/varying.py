"""Parts of arrays inside ``jax.shard_map``, which vary over some axes of a mesh or over none."""

from typing import Any

import jax
from jax.typing import ArrayLike


def varying_alike(arguments: Any) -> Any:
    """The arguments, each varying over all axes that one of them varies over.

    Weights are often replicated where signals are sharded; the transpose of this sums up the
    gradients of all parts. Outside ``shard_map`` nothing changes.

    Args:
        arguments: a pytree of arrays.
    """
    return varying_over(axes_of(arguments), arguments)


def varying_over(axes: frozenset, arguments: Any) -> Any:
    """The arguments, each varying over these axes of a mesh, too.

    Args:
        axes: names.
        arguments: a pytree of arrays.
    """

    def varying(leaf: ArrayLike) -> ArrayLike:
        missing = tuple(sorted(axes - _axes(leaf), key=str))
        return jax.lax.pcast(leaf, missing, to="varying") if missing else leaf

    return jax.tree.map(varying, arguments) if axes else arguments


def axes_of(arguments: Any) -> frozenset:
    """The axes of a mesh that one of the arguments varies over.

    Args:
        arguments: a pytree of arrays, or of their types.
    """
    return frozenset().union(*map(_axes, jax.tree.leaves(arguments)))


def _axes(x: Any) -> frozenset:
    kind: Any = getattr(jax.ShapeDtypeStruct.like(x), "manual_axis_type", None)
    return frozenset() if kind is None else kind.varying
