"""Whether the package that a logger needs is there; imports none of them."""

import importlib.util
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "longnn.experiments.jobs.sinks.to_wandb": "wandb",
        "longnn.experiments.jobs.tensorboard_sink.to_tensorboard": "tensorboard",
        "longnn.experiments.jobs.mlflow_sink.to_mlflow": "mlflow",
    }
)
"""The `_target_` of a logger -> the package that it needs, and the extra that installs it."""


def check_logger(logger: Mapping[Any, Any]) -> None:
    """Refuses a logger whose package is not installed.

    Args:
        logger: the node ``logger`` of a config.

    Raises:
        ValueError: with the line that installs it.
    """
    package = NEEDS.get(str(logger.get("_target_")))
    if package is not None and not installed(package):
        raise ValueError(
            f'logger={package} needs the package {package}: pip install "longnn[{package}]", or '
            "leave the logger out"
        )


def installed(package: str) -> bool:
    """Whether a package can be imported; a mere folder of that name, as wandb makes, is none.

    Args:
        package: its name.
    """
    try:
        found = importlib.util.find_spec(package)
    except ValueError:  # an import that was forbidden, or is under way
        return False
    return found is not None and found.origin is not None
