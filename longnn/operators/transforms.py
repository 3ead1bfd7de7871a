"""Helpers around jax transformations."""

from dataclasses import MISSING, field
from typing import Any

import jax
from jaxtyping import PyTree


def static(default: Any = MISSING) -> Any:  # of any type, as ``dataclasses.field`` says too
    """A dataclass field that is part of a pytree's structure, not of its leaves."""
    return field(default=default, metadata={"static": True})


def refuse_gradient(primals: PyTree, message: str) -> PyTree:
    """Strips ``CustomVJPPrimal`` from a pytree, or raises if a derivative in it is asked for.

    For the forward function of a ``custom_vjp`` with ``symbolic_zeros=True``, so that a rule that
    ignores an argument says so at trace time instead of giving it a silent zero.

    Raises:
        ValueError: with ``message``, if any leaf is perturbed.
    """
    if any(leaf.perturbed for leaf in jax.tree.leaves(primals)):
        raise ValueError(message)
    return jax.tree.map(lambda leaf: leaf.value, primals)
