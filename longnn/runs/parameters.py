"""The parameters of a batch of models, by path as they are stored, and back."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from flax import nnx

from longnn.runs.directory import RunDirectoryError

UNUSUAL = 999_983
"""A number of features that no model has; it finds the axes that grow with the features."""


def named(params: nnx.State) -> dict[str, np.ndarray]:
    """Returns the parameters on the host by path, such as "embedding.first.kernel" -> [..., F, H].

    Args:
        params: the parameters of one model, or of a batch.
    """
    flat = nnx.to_flat_state(params)
    return {_name(path): np.asarray(variable.get_value()) for path, variable in flat}


def in_features(params: Mapping[str, np.ndarray], make: Callable[[int], nnx.Module]) -> int:
    """F: the stored size of the axis that grows with it; 1 where no parameter has one.

    Args:
        params: path -> stored parameters of a batch, [B, ...].
        make: F -> the model; no array of it is computed.
    """
    shapes = _shapes_of(lambda: make(UNUSUAL))
    sizes = [
        params[name].shape[1 + shape.index(UNUSUAL)]
        for name, shape in shapes.items()
        if UNUSUAL in shape and name in params and params[name].ndim == 1 + len(shape)
    ]
    return max(sizes, default=1)


def check_fit(
    file: Path, make: Callable[[], nnx.Module], params: Mapping[str, np.ndarray], runs: int
) -> None:
    """Raises a RunDirectoryError unless stored parameters are those of a batch of a model.

    Args:
        file: where the values were read, for the message.
        make: gives the model; no array of it is computed.
        params: path -> stored values, [B, ...].
        runs: B.
    """
    wanted = {name: (runs, *shape) for name, shape in _shapes_of(make).items()}
    stored = {name: values.shape for name, values in params.items()}
    for name in sorted(wanted.keys() | stored.keys()):
        if wanted.get(name) != stored.get(name):
            raise RunDirectoryError(
                f"{file} does not fit the model of its config: {name} has shape "
                f"{stored.get(name)} there and {wanted.get(name)} in the model (None: it has no "
                "such parameter); the model's code has changed, train that run again"
            )


def filled(state: nnx.State, params: Mapping[str, np.ndarray]) -> nnx.State:
    """The parameters of a batch, made from those of one model and the stored values.

    Args:
        state: parameters of one model.
        params: path -> stored values, [B, ...], that fit (:func:`check_fit`).
    """
    return nnx.from_flat_state(
        [(path, leaf.replace(params[_name(path)])) for path, leaf in nnx.to_flat_state(state)]
    )


def _shapes_of(make: Callable[[], nnx.Module]) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters of a model by path."""
    state = nnx.state(nnx.eval_shape(make), nnx.Param)
    return {_name(path): variable.shape for path, variable in nnx.to_flat_state(state)}


def _name(path: tuple[object, ...]) -> str:
    return ".".join(map(str, path))
