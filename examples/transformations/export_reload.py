"""Write a trained filter and its gradient to bytes, and run them where no longnn is installed."""

import jax
import jax.numpy as jnp
import numpy as np

import longnn
from polybases import jacobi

GRAPH = longnn.Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3], [3, 0], [1, 3]]), 4)


def main(backend: str = "auto") -> float:
    """Exports, reloads, and returns the largest difference of values and gradients."""
    S = longnn.normalized_adjacency(GRAPH, backend=backend)

    def loss(theta: jax.Array, x: jax.Array) -> jax.Array:
        return jnp.sum(longnn.filter(S, jacobi(3, 0.3, -0.2), theta, x) ** 2)

    program = jax.jit(jax.value_and_grad(loss, (0, 1)))
    point = (jnp.arange(4.0), jnp.arange(8.0).reshape(4, 2))
    written = jax.export.export(program)(*point).serialize()
    reloaded = jax.export.deserialize(written).call(*point)
    pairs = zip(jax.tree.leaves(reloaded), jax.tree.leaves(program(*point)), strict=True)
    difference = max(float(jnp.abs(a - b).max() / jnp.abs(b).max()) for a, b in pairs)
    print(f"{len(written)} bytes, largest relative difference {difference:.1e}")
    return difference


if __name__ == "__main__":
    main()
