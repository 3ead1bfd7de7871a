"""Train with jax's strict type promotion: nothing is converted that you did not convert."""

import jax
import jax.numpy as jnp
import numpy as np

import longnn
from polybases import exponent, jacobi, raw_exponent

GRAPH = longnn.Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [1, 3]]), 5)


def main(backend: str = "auto") -> tuple[float, float]:
    """Returns the first and the last loss."""
    S = longnn.normalized_adjacency(GRAPH, backend=backend)
    x = jax.random.normal(jax.random.key(0), (5, 3))
    target = x - S.matvec(x)

    def loss(parameters):
        basis = jacobi(2, *map(exponent, parameters["raw"]))
        return jnp.mean((longnn.filter(S, basis, parameters["theta"], x) - target) ** 2)

    parameters = {"raw": [raw_exponent(jnp.float32(0))] * 2, "theta": jnp.ones(3)}
    losses = []
    with jax.numpy_dtype_promotion("strict"):
        step = jax.jit(jax.value_and_grad(loss))
        for _ in range(60):
            value, slope = step(parameters)
            parameters = jax.tree.map(lambda p, g: p - 0.1 * g, parameters, slope)
            losses.append(float(value))
    print(f"loss {losses[0]:.2e} -> {losses[-1]:.2e}")
    return losses[0], losses[-1]


if __name__ == "__main__":
    main()
