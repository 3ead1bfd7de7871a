"""The nodes of a problem over the devices of a mesh, and the way of arrays into their rows."""

from dataclasses import dataclass

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding
from jaxtyping import Int32, Shaped

from longnn.graphs.device import on_every_device, over_devices
from longnn.operators.blocks import Blocks
from longnn.operators.sharded import BY_NODES
from longnn.operators.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rows:
    """Which node each row of a problem's arrays belongs to.

    Attributes:
        node: [R] the node of each row, -1 where there is none; over the devices.
        blocks: the same on the host.
        mesh: the devices, with the axes "runs" and "nodes".
    """

    node: Int32[Array, " R"]
    blocks: Blocks = static()
    mesh: Mesh = static()

    def placed(self, values: Shaped[np.ndarray, "N *rest"], fill: object) -> Array:
        """Values of all nodes [N, ...] as rows [R, ...] over the devices."""
        rows = self.blocks.inside(values, fill)
        return over_devices(rows, NamedSharding(self.mesh, BY_NODES))

    def fetched(self, values: Array, axis: int = 0) -> np.ndarray:
        """Values of all nodes on the host, in every process, of rows on this axis over devices."""
        if self.mesh.is_multi_process:
            values = on_every_device(values, self.mesh)
        return np.asarray(values).take(self.blocks.row, axis)


def rows_of(blocks: Blocks, mesh: Mesh) -> Rows:
    """The rows of blocks, one for each device of the mesh's axis "nodes"."""
    node = over_devices(blocks.node.astype(np.int32), NamedSharding(mesh, BY_NODES))
    return Rows(node, blocks, mesh)


def mesh_over(nodes: int, runs: int = 1) -> Mesh:
    """The first ``runs`` times ``nodes`` devices as a mesh with these axes.

    Args:
        nodes: over how many devices the nodes are spread, >= 1.
        runs: over how many such groups of devices the runs are spread, >= 1.

    Raises:
        ValueError: if there are fewer devices.
    """
    there = jax.devices()
    if runs * nodes > len(there):
        raise ValueError(
            f"nodes_over={nodes} and {runs} group(s) of devices for runs need {runs * nodes} "
            f"devices, but there are {len(there)}; take fewer "
            "(XLA_FLAGS=--xla_force_host_platform_device_count=N simulates N on a CPU)"
        )
    devices = np.array(there[: runs * nodes]).reshape(runs, nodes)
    return Mesh(devices, ("runs", "nodes"), axis_types=(AxisType.Auto,) * 2)
