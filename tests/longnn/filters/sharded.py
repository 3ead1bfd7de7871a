"""Filters on eight devices beside the same on one, without a rule of ours; run as a program.

``python -m tests.longnn.filters.sharded BACKEND CASE...``, with eight devices in double precision,
prints the largest relative difference of each case and function as JSON.
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from longnn.filters import filter
from longnn.graphs import Graph, shift_matrix
from longnn.operators import normalized_adjacency
from polybases import jacobi, weighted_sum

K, N, C = 2, 16, 8
RNG = np.random.default_rng(0)
HUB = [[0, i] for i in range(2, 13)]  # whose row of "bucketed" is summed by a loop
GRAPH = Graph.from_edges(np.array([[i, i + 1] for i in range(N - 2)] + HUB), N)  # one is isolated
DENSE = shift_matrix(GRAPH).toarray()
POINT = (RNG.normal(size=K + 1), RNG.normal(size=(N, C)), 0.3)
DIRECTION = (RNG.normal(size=K + 1), RNG.normal(size=(N, C)), -0.7)
ALL = (0, 1, 2)
CASES = {
    "columns": ({"columns": 8}, True),
    "columns, unchecked": ({"columns": 8}, False),
    "nodes": ({"nodes": 8}, True),
    "nodes and columns": ({"nodes": 4, "columns": 2}, True),
}


def plain(theta, x, a):
    """The loss on one device, by the plain recurrence and a dense matrix."""
    return jnp.sum(jnp.sin(weighted_sum(jacobi(K, a, 0.5), theta, DENSE, x)))


def sharded(S, sizes, checked):
    """The same with theta and a on every device, and a part of x on each."""
    names = tuple(sizes)

    def product(t):
        whole = jax.lax.all_gather(t, "nodes", tiled=True)
        first = jax.lax.axis_index("nodes") * len(t)
        return jax.lax.dynamic_slice_in_dim(S.matvec(whole), first, len(t))

    def part(theta, x, a):
        operator = product if "nodes" in names else S
        return jax.lax.psum(jnp.sum(jnp.sin(filter(operator, jacobi(K, a, 0.5), theta, x))), names)

    mesh = jax.make_mesh(tuple(sizes.values()), names, (AxisType.Auto,) * len(names))
    parts = P(*(name if name in names else None for name in ("nodes", "columns")))
    specs = (P(), parts, P())
    return jax.shard_map(part, mesh=mesh, in_specs=specs, out_specs=P(), check_vma=checked)


def penalty(loss):
    """A function of the gradient."""
    return lambda *point: sum(jnp.sum(jnp.sin(g)) for g in jax.grad(loss, ALL)(*point))


FUNCTIONS = {
    "value": lambda loss: jax.jit(loss)(*POINT),
    "grad": lambda loss: jax.jit(jax.grad(loss, ALL))(*POINT),
    "jvp": lambda loss: jax.jit(lambda p, d: jax.jvp(loss, p, d)[1])(POINT, DIRECTION),
    "grad of grad": lambda loss: jax.jit(jax.grad(penalty(loss), ALL))(*POINT),
}


def difference(got, expected) -> float:
    """The largest of all leaves, each relative to the largest number of the leaf."""
    pairs = zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True)
    return max(float(jnp.abs(a - b).max() / jnp.abs(b).max()) for a, b in pairs)


def main(backend: str, *cases: str) -> None:
    """Prints all differences of a backend in these cases."""
    S = normalized_adjacency(GRAPH, backend=backend, dtype=jnp.float64)
    expected = {name: of(plain) for name, of in FUNCTIONS.items()}

    def of_case(sizes, checked):
        loss = sharded(S, sizes, checked)
        return {name: difference(of(loss), expected[name]) for name, of in FUNCTIONS.items()}

    print(json.dumps({case: of_case(*CASES[case]) for case in cases}))


if __name__ == "__main__":
    main(*sys.argv[1:])
