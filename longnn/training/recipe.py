"""Optax transformations whose numbers are traced, so that a sweep over them is one program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

Made: TypeAlias = optax.GradientTransformation | Mapping[str, optax.GradientTransformation]
"""An optax optimizer for all parameters, or one for each group."""


@dataclass(frozen=True)
class Recipe:
    """How a transformation is made of its numbers.

    Attributes:
        make: numbers [n] -> the transformation, or one for each group. One object is compiled once.
        numbers: those of one trial; trials of a batch may differ in them.

    Example:
        >>> recipe = Recipe(lambda numbers: optax.adamw(numbers[0]), (0.01,))
        >>> recipe.made().init is not None
        True
    """

    make: Callable[[Sequence[ArrayLike]], Made]
    numbers: tuple[float, ...]

    def made(self) -> Made:
        """The transformation with its own numbers."""
        return self.make(self.numbers)

    def traceable(self) -> bool:
        """Whether the transformation can be made of traced numbers, and updates with them."""
        probe = {"probe": jnp.zeros(1)}

        def update(numbers: Any) -> Any:
            made = self.make(list(numbers))
            every = made.values() if isinstance(made, Mapping) else [made]
            return [one.update(probe, one.init(probe), probe)[0] for one in every]

        try:
            jax.eval_shape(update, jnp.zeros(len(self.numbers)))
        except (TypeError, ValueError):  # it asks a number that is not known yet
            return False
        return True


def made_of(transformation: Made | Recipe | None) -> Made | None:
    """The transformation itself, made of its numbers where they are traced."""
    return transformation.made() if isinstance(transformation, Recipe) else transformation
