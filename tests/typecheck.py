"""Annotations of the code under test, shapes included, are checked at every call.

``LONGNN_TYPECHECK=0`` switches it off. Must be imported before anything of ours.
"""

import os
from collections.abc import Callable
from typing import Any

import jaxtyping
import pytest
from beartype import BeartypeConf, beartype

PACKAGES = (
    "polybases",
    "longnn.graphs",
    "longnn.operators",
    "longnn.filters",
    "longnn.models",
    "longnn.layers",
    "longnn.fitting",
    "longnn.data",
    "longnn.training",
    "longnn.runs",
    "longnn.analysis",
    "longnn.plot",
)

ON = os.environ.get("LONGNN_TYPECHECK", "1") != "0"

_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """beartype, but for constructors: jax rebuilds dataclasses with leaves that are no arrays."""
    return function if function.__name__ == "__init__" else _beartype(function)


class _Refusal:
    """``pytest.raises``, with the checker off inside: a refusal is ours to test, not beartype's."""

    def __init__(self, raises: Any) -> None:
        self.raises = raises

    def __enter__(self) -> Any:
        self.before = jaxtyping.config.jaxtyping_disable
        jaxtyping.config.update("jaxtyping_disable", True)
        return self.raises.__enter__()

    def __exit__(self, *error: Any) -> Any:
        jaxtyping.config.update("jaxtyping_disable", self.before)
        return self.raises.__exit__(*error)


def install() -> None:
    """Checks every module of ours that is imported from now on."""
    jaxtyping.install_import_hook(PACKAGES, "tests.typecheck.checked")
    raises = pytest.raises

    def unchecked(*args: Any, **kwargs: Any) -> Any:
        if len(args) > 1:  # pytest.raises(error, function, ...) calls at once
            raise TypeError("use pytest.raises as a context")
        return _Refusal(raises(*args, **kwargs))

    pytest.raises = unchecked
