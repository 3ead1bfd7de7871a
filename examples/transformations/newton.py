"""Fit alpha, beta and the weights of a filter by Newton's method: the Hessian of its loss."""

import jax
import jax.numpy as jnp
import numpy as np

import longnn
from polybases import jacobi

jax.config.update("jax_enable_x64", True)
GRAPH = longnn.Graph.from_edges(np.array([[i, (i + 1) % 9] for i in range(9)] + [[0, 4]]), 9)
S = longnn.normalized_adjacency(GRAPH, dtype=jnp.float64)
X = jax.random.normal(jax.random.key(0), (9, 4))
WANTED = jnp.array([0.4, -0.2, 0.5, -0.3, 0.8, 0.6])


def output(parameters: jax.Array) -> jax.Array:
    """The filtered signals; alpha, beta, then the weights."""
    return longnn.filter(S, jacobi(3, *parameters[:2]), parameters[2:], X)


def loss(parameters: jax.Array) -> jax.Array:
    """Mean squared distance, with a small pull to the start: the basis alone is not unique."""
    pull = jnp.sum((parameters[:2] - WANTED[:2]) ** 2)
    return jnp.mean((output(parameters) - output(WANTED)) ** 2) + 0.01 * pull


def main() -> float:
    """Takes seven steps, and returns the norm of the gradient."""
    parameters = WANTED + 0.05
    step = jax.jit(lambda p: p - jnp.linalg.solve(jax.hessian(loss)(p), jax.grad(loss)(p)))
    for _ in range(7):
        parameters = step(parameters)
    slope = float(jnp.linalg.norm(jax.grad(loss)(parameters)))
    print(f"gradient {slope:.1e}")
    return slope


if __name__ == "__main__":
    main()
