"""One filter on eight devices: columns sharded, weights replicated, gradients summed up by jax."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec as P

import longnn
from polybases import jacobi

jax.config.update("jax_num_cpu_devices", 8)  # simulated, before jax is used
EDGES = np.array([[i, (i + 1) % 12] for i in range(12)] + [[0, 6], [3, 9]])


def losses(backend: str):
    """The loss on one device, and the same on all of a mesh."""
    S = longnn.normalized_adjacency(longnn.Graph.from_edges(EDGES, 12), backend=backend)

    def loss(theta, alpha, x):
        return jnp.sum(longnn.filter(S, jacobi(4, alpha, 0.5), theta, x) ** 2)

    mesh = jax.make_mesh((8,), ("columns",), (jax.sharding.AxisType.Auto,))
    specs = (P(), P(), P(None, "columns"))
    part = lambda *some: jax.lax.psum(loss(*some), "columns")  # noqa: E731
    return loss, jax.shard_map(part, mesh=mesh, in_specs=specs, out_specs=P())


def main(backend: str = "auto") -> float:
    """Returns the largest relative difference of the gradients."""
    point = (jnp.linspace(1, 2, 5), 0.3, jax.random.normal(jax.random.key(0), (12, 16)))
    one, all_of_them = (jax.jit(jax.grad(f, (0, 1, 2)))(*point) for f in losses(backend))
    pairs = zip(one, all_of_them, strict=True)
    difference = max(float(jnp.abs(a - b).max() / jnp.abs(a).max()) for a, b in pairs)
    print(f"{jax.device_count()} devices, largest relative difference {difference:.1e}")
    return difference


if __name__ == "__main__":
    main()
