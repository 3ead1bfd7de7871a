"""How many devices train: what was asked for, what there is, and what is enough."""

from typing import Literal

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

from longnn.graphs.checks import check_count
from longnn.training.ranges import check_devices
from longnn.training.spreading import ONE, Spread

Devices = int | Literal["all"]
"""How many devices train: a number, or all of the process, or of all processes."""


def spread_over(devices: Devices, runs: int) -> Spread:
    """The fewest devices, of those that are asked for, which leave equally few runs on the fullest.

    Args:
        devices: how many at most.
        runs: B, >= 1.

    Raises:
        ValueError: unless it is "all", or a number of devices that there are.
    """
    count = checked_devices(devices)
    if jax.process_count() > 1 and count > 1:
        return _spread(count)  # each process has to take part
    return _spread(enough(count, runs))


def enough(count: int, runs: int) -> int:
    """The fewest of ``count`` devices that leave equally few runs on the fullest.

    Example:
        >>> enough(8, 10), enough(4, 10), enough(8, 3)
        (5, 4, 3)
    """
    each = -(-runs // count)
    return -(-runs // each)


def _spread(count: int) -> Spread:
    if count == 1:
        return ONE
    return Spread(Mesh(np.array(jax.devices()[:count]), ("runs",), axis_types=(AxisType.Auto,)))


def checked_devices(devices: Devices) -> int:
    """The number of devices that are asked for.

    Args:
        devices: a number or "all", which means one where ``jax.default_device`` names one.

    Raises:
        ValueError: unless it is "all", or a number of devices that there are.
    """
    check_devices(devices)
    there, processes = jax.device_count(), jax.process_count()
    if devices == "all":
        named = jax.config.jax_default_device  # type: ignore[attr-defined]
        return there if named is None else 1
    devices = int(devices)
    if devices > there:
        here = f"{there} {jax.devices()[0].device_kind} device{'s' if there > 1 else ''}"
        raise ValueError(
            f"devices={devices}, but there are {here}; leave devices out to use all of them "
            "(XLA_FLAGS=--xla_force_host_platform_device_count=N simulates N on a CPU)"
        )
    if processes > 1 and 1 < devices < there:
        raise ValueError(
            f"devices={devices}, but {processes} processes train together on {there} devices; use "
            "devices='all', or start fewer processes"
        )
    return devices


def groups_for(devices: Devices, nodes_over: int, runs: int) -> int:
    """The number of groups of ``nodes_over`` devices each, over which so many runs are spread.

    Args:
        devices: see :func:`groups_of`.
        nodes_over: likewise.
        runs: B, >= 1.

    Raises:
        ValueError: see there.
    """
    groups = groups_of(devices, nodes_over)
    return groups if jax.process_count() > 1 else enough(groups, runs)


def groups_of(devices: Devices, nodes_over: int) -> int:
    """The number of groups of ``nodes_over`` devices each, over which runs may be spread.

    Args:
        devices: how many there are for training.
        nodes_over: how many of them share one graph, >= 1.

    Raises:
        ValueError: if there are not so many, or processes would be left without work.
    """
    count = checked_devices(devices)
    if check_count("nodes_over", nodes_over) > count:
        raise ValueError(
            f"nodes_over={nodes_over}, but there are {count} device(s) to train on; take fewer "
            "(XLA_FLAGS=--xla_force_host_platform_device_count=N simulates N on a CPU)"
        )
    if jax.process_count() > 1 and count % nodes_over:
        raise ValueError(
            f"nodes_over={nodes_over} does not divide the {count} devices of "
            f"{jax.process_count()} processes; take a divisor, so that none is left without work"
        )
    return count // nodes_over
