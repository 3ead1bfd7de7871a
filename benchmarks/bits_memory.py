"""Memory of a compiled training step on terms in 8 bits, beside float32, from XLA's analysis.

    python -m benchmarks.bits_memory

Two runs at once, three steps in a loop, 2,000 nodes, 200 features, 16 channels; sizes are multiples
of one term in float32. Nothing is run.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import polybases
from longnn.models.packed import Packed, PackedGroup
from longnn.models.propagated import Propagated
from longnn.stores.packing import Tiles, encode

NODES, FEATURES, HIDDEN, RUNS = 2000, 200, 16, 2


def sizes(terms: Array | Packed, order: int, channels: int) -> tuple[float, float]:
    """(arguments, temporary arrays) of a few steps of gradient descent."""
    fixed = polybases.jacobi(order, np.float64(0.0), np.float64(0.0))
    basis = polybases.jacobi(order, jnp.float32(0.5), jnp.float32(0.5))

    def train(given: Propagated, theta: Array, weight: Array) -> tuple[Array, Array]:
        def loss(theta: Array, weight: Array) -> Array:
            return (jnp.tanh(given.filtered(basis, theta, weight)) ** 2).mean()

        def step(state: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
            gradient = jax.vmap(jax.grad(loss, (0, 1)))(*state)
            return jax.tree.map(lambda a, b: a - 0.1 * b, state, gradient), None

        return jax.lax.scan(step, (theta, weight), length=3)[0]

    start = jnp.ones((RUNS, order + 1, channels)), jnp.ones((RUNS, FEATURES, HIDDEN))
    compiled = jax.jit(train).lower(Propagated(terms, fixed), *start).compile()
    memory, one = compiled.memory_analysis(), 4 * NODES * FEATURES
    return memory.argument_size_in_bytes / one, memory.temp_size_in_bytes / one


def packed(order: int) -> Packed:
    """Terms in 8 bits."""
    tiles = Tiles.of(FEATURES)
    values = np.random.default_rng(0).standard_normal((NODES, FEATURES))
    codes, ends = (jnp.asarray(part) for part in encode(values, 8, tiles))
    orders = tuple(range(order + 1))
    of_all = (jnp.stack([part] * len(orders)) for part in (codes, ends))
    return Packed((PackedGroup(*of_all, orders, 8, tiles, (0, FEATURES)),), order)


def main() -> None:
    """Prints a line for each order and number of channels of the coefficients."""
    for order in (4, 10, 20):
        for channels in (1, HIDDEN):
            plain = sizes(jnp.ones((order + 1, NODES, FEATURES)), order, channels)
            few = sizes(packed(order), order, channels)
            text = "; ".join(f"{a:.1f} + {b:.1f}" for a, b in (plain, few))
            print(f"K = {order}, {channels} channel(s): float32, 8 bits: {text}", flush=True)


if __name__ == "__main__":
    main()
