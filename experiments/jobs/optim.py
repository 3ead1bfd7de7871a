"""From the node ``optim`` of a config to how a run is trained."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from longnn.runs.configured import instantiate
from longnn.runs.trust import named_callable, trusted_modules
from longnn.training import Optim
from longnn.training.optimizer import Transformation
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
        transformation=None if transformation is None else _made(json.dumps(transformation), known),
        schedule=as_schedule(**_named(node["schedule"])),
        loss=None if node["loss"] is None else named_callable(node["loss"], known),
        **{name: node[name] for name in _SAME},
    )


def _named(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """The name and the numbers of a schedule, as its function takes them."""
    return {"given": schedule["name"], **{k: v for k, v in schedule.items() if k != "name"}}


@lru_cache(maxsize=64)
def _made(text: str, trust: tuple[str, ...]) -> Transformation:
    """Cached, so that equal configs give the same object, which is compiled once."""
    found: Transformation = instantiate(json.loads(text), trust)
    return found
