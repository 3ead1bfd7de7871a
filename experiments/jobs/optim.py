"""From the node ``optim`` of a config to how a run is trained."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jax.typing import ArrayLike

from longnn.runs.configured import instantiate
from longnn.runs.trust import named_callable, trusted_modules
from longnn.training import Optim
from longnn.training.optimizer import Transformation
from longnn.training.recipe import Made, Recipe
from longnn.training.schedules import as_schedule

_SAME = (
    *("max_epochs", "patience", "decay", "dropout_bits", "clip", "ema", "class_weights"),
    *("label_smoothing", "stop", "patience_counts"),
)
"""Settings that ``Optim`` takes as they are."""


def optim_of(node: Mapping[str, Any], trust: Iterable[str] = ()) -> Optim:
    """How a run is trained.

    Args:
        node: plain values of ``config.optim``.
        trust: names of modules whose code the config may name.

    Raises:
        ValueError: if a value is out of its range, or a name is unknown or not trusted.
    """
    transformation = node["transformation"]
    if transformation is not None and not isinstance(transformation, Mapping):
        raise ValueError(
            f"optim.transformation must be a mapping, got {transformation!r}; for instance "
            "optim.transformation._target_=optax.adamw optim.transformation.learning_rate=0.01"
        )
    known = trusted_modules(trust)
    return Optim(
        rates=node["groups"] if transformation is None else None,
        transformation=None if transformation is None else _transformation(transformation, known),
        schedule=as_schedule(**_named(node["schedule"])),
        loss=None if node["loss"] is None else named_callable(node["loss"], known),
        **{name: node[name] for name in _SAME},
    )


def _named(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """The name and the numbers of a schedule, as its function takes them."""
    return {"given": schedule["name"], **{k: v for k, v in schedule.items() if k != "name"}}


def _transformation(node: Mapping[str, Any], trust: tuple[str, ...]) -> Transformation:
    """The transformation, with its floats traced where optax asks nothing of them in Python."""
    plain = _made(json.dumps(node), trust)
    numbers: list[float] = []
    recipe = Recipe(_maker(json.dumps(_without_floats(node, numbers)), trust), tuple(numbers))
    return recipe if numbers and _traceable(recipe) else plain


def static_part(node: dict[str, Any], trust: Iterable[str] = ()) -> dict[str, Any]:
    """The node without the numbers of a transformation that are traced.

    Args:
        node: plain values of ``config.optim``.
        trust: names of modules whose code the config may name.
    """
    given = node.get("transformation")
    if given is None or not isinstance(_transformation(given, trusted_modules(trust)), Recipe):
        return node
    return node | {"transformation": _without_floats(given, [])}


def _without_floats(node: Any, numbers: list[float]) -> Any:
    """The node with the places of its floats in their stead, and the floats in their order."""
    if isinstance(node, Mapping):
        return {key: _without_floats(value, numbers) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_floats(value, numbers) for value in node]
    if not isinstance(node, float):
        return node
    numbers.append(node)
    return {_PLACE: len(numbers) - 1}


_PLACE = "_number_"
"""The key of a mapping that stands for a float."""


@lru_cache(maxsize=64)
def _maker(text: str, trust: tuple[str, ...]) -> Callable[[Sequence[ArrayLike]], Made]:
    """Cached, so that configs that differ in floats alone give the same object."""
    node = json.loads(text)
    return lambda numbers: instantiate(_with_floats(node, numbers), trust)


def _with_floats(node: Any, numbers: Sequence[ArrayLike]) -> Any:
    if isinstance(node, list):
        return [_with_floats(value, numbers) for value in node]
    if not isinstance(node, Mapping):
        return node
    if _PLACE in node:
        return numbers[node[_PLACE]]
    return {key: _with_floats(value, numbers) for key, value in node.items()}


@lru_cache(maxsize=64)
def _traceable(recipe: Recipe) -> bool:
    return recipe.traceable()


@lru_cache(maxsize=64)
def _made(text: str, trust: tuple[str, ...]) -> Made:
    """Cached, so that equal configs give the same object, which is compiled once."""
    found: Made = instantiate(json.loads(text), trust)
    return found
