"""The way of arrays from the host to the device, and back."""

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.typing import ArrayLike, DTypeLike


def on_host(values: ArrayLike, dtype: DTypeLike | None = None) -> np.ndarray:
    """Numbers as an array of numpy, from which graphs and operators are built.

    Args:
        values: [...] an array of the host or of the device.
        dtype: of the result; None: that of the values.

    Raises:
        TypeError: for a traced array, which has no numbers yet.

    Example:
        >>> jax.jit(lambda edges: on_host(edges))(np.array([[0, 1]]))
        Traceback (most recent call last):
        ...
        TypeError: graphs and operators are built on the host, from numbers; got a traced array ...
    """
    if isinstance(values, jax.core.Tracer):
        raise TypeError(
            "graphs and operators are built on the host, from numbers; got a traced array "
            f"({jax.typeof(values)}). Build the operator outside jax.jit, grad and vmap, and give "
            "it to the function as an argument: operators are pytrees"
        )
    return np.asarray(values, dtype)


def on_device(values: object, dtype: DTypeLike | None = None) -> Array:
    """Puts numbers of the host on the device, converted there already.

    ``jnp.asarray`` would compile a program for each shape, which takes longer than the copy.

    Args:
        values: [...] an array of numpy, a number, or a sequence of them.
        dtype: of the result; None: that of the values.

    Example:
        >>> on_device([0.5, 2], np.int32).tolist()
        [0, 2]
    """
    return jax.device_put(np.asarray(values, dtype))


def over_devices(values: np.ndarray, sharding: jax.sharding.Sharding) -> Array:
    """Puts numbers of the host on several devices, of other processes, too, which do the same.

    Args:
        values: a [...] array, all of it, equal in all processes.
        sharding: which part each device gets.
    """
    return jax.make_array_from_callback(values.shape, sharding, lambda part: values[part])


@partial(jax.jit, static_argnames="mesh")
def on_every_device(tree: Any, mesh: jax.sharding.Mesh) -> Any:
    """Arrays that devices of several processes have parts of, all of them on each.

    Args:
        tree: of arrays on the mesh.
        mesh: the devices.
    """
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    return jax.lax.with_sharding_constraint(tree, everywhere)
