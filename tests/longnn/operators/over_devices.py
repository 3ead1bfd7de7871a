"""Operators and filters with nodes over eight devices beside dense matrices; run as a program.

``python -m tests.longnn.operators.over_devices BACKEND [all]``, with eight devices in double
precision, prints the largest relative difference of each case, and what its program exchanges.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

from longnn.filters import filter
from longnn.graphs import Graph, shift_matrix
from longnn.operators import ShardedOperator, blocks_of, parts_of, sharded_operator
from polybases import jacobi, weighted_sum
from tests.longnn.filters import test_transformations as cells

Functions = Mapping[str, Callable[..., Any]]

RNG = np.random.default_rng(0)
N, K, C = 61, 3, 3
GRAPH = Graph.from_edges(RNG.integers(N, size=(150, 2)), N, RNG.uniform(0.5, 2, 150))
THETA, DIRECTION = RNG.normal(size=(2, K + 1, C))
MESHES = {
    "nodes": jax.make_mesh((8,), ("nodes",), (AxisType.Auto,)),
    "nodes and runs": jax.make_mesh((2, 4), ("runs", "nodes"), (AxisType.Auto,) * 2),
    "one": jax.make_mesh((1,), ("nodes",), (AxisType.Auto,)),
}


def loss(product, apply):
    """Of theta, x and a parameter of the basis, as a scalar that all of them matter for."""
    return lambda theta, x, a: jnp.sum(jnp.sin(apply(product, jacobi(K, a, 0.5), theta, x)))


def plain(S, basis, theta, x):
    """Without a rule of ours."""
    return weighted_sum(basis, theta, S, x)


FUNCTIONS = {
    "value": lambda f: f,
    "gradient": lambda f: jax.grad(f, (0, 1, 2)),
}
MORE = {
    "Hessian": lambda f: jax.hessian(f, (0, 2)),
    "forward": lambda f: lambda t, x, a: jax.jvp(f, (t, x, a), (t[::-1], jnp.cos(x), 1.0))[1],
}


def difference(got, expected) -> float:
    """The largest of all leaves, each relative to the largest number of the leaf."""
    pairs = zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)


def collectives(program) -> dict[str, int]:
    """How many operations of each kind the compiled program has."""
    kinds = ("all-gather", "all-reduce", "all-to-all", "collective-permute", "reduce-scatter")
    text = program.as_text()
    return {kind: len(re.findall(rf"= \S+ {kind}(?:-start)?\(", text)) for kind in kinds}


def on_mesh(name: str, backend: str, functions: Functions) -> dict[str, object]:
    """The differences of a mesh."""
    mesh = MESHES[name]
    blocks = blocks_of(parts_of(GRAPH, mesh.shape["nodes"], "breadth"), mesh.shape["nodes"])
    graph = blocks.graph(GRAPH)
    S = sharded_operator(graph, mesh, backend=backend, dtype=jnp.float64)
    dense = shift_matrix(graph).toarray()
    x = jax.device_put(RNG.normal(size=(graph.num_nodes, C)), NamedSharding(mesh, P("nodes")))
    found: dict[str, object] = {"product": difference(jax.jit(S.matvec)(x), dense @ x)}
    found["one column"] = difference(S.matvec(x[:, 0]), dense @ x[:, 0])
    for function, of in functions.items():
        ours = jax.jit(lambda S, *p, of=of: of(loss(S, filter))(*p))
        found[function] = difference(
            ours(S, THETA, x, 0.3), jax.jit(of(loss(dense, plain)))(THETA, np.asarray(x), 0.3)
        )
    gradient = jax.jit(lambda S, *p: jax.grad(loss(S, filter), (0, 1))(*p))
    found["collectives"] = collectives(gradient.lower(S, THETA, x, 0.3).compile())
    if "runs" in mesh.shape:
        found["inside of runs"] = _of_runs(S, dense, x)
    return found


def explicit(backend: str) -> float:
    """Of a product with the mesh that jax makes by itself, and a signal of one device."""
    graph = blocks_of(parts_of(GRAPH, 8, "breadth"), 8).graph(GRAPH)
    S = sharded_operator(graph, jax.make_mesh((8,), ("nodes",)), backend=backend, precision="mixed")
    x = jnp.asarray(RNG.normal(size=(graph.num_nodes, C)), jnp.bfloat16).astype(jnp.float32)
    return difference(S.matvec(x), shift_matrix(graph).toarray() @ np.asarray(x, np.float64))


def _of_runs(S: ShardedOperator, dense: np.ndarray, x: jax.Array) -> float:
    """Gradients of four runs, two a device, in ``shard_map`` over the other axis."""
    thetas = np.stack([THETA + i * DIRECTION for i in range(4)])
    each = lambda S, thetas, x: jax.vmap(  # noqa: E731
        jax.grad(loss(S, filter), (0, 2)), (0, None, 0)
    )(thetas, x, 0.1 * jnp.sum(thetas, (1, 2)))
    specs = (P(), P("runs"), P())
    over = jax.shard_map(
        each, mesh=S.mesh, in_specs=specs, out_specs=P("runs"), axis_names={"runs"}
    )
    of_dense = jax.jit(jax.vmap(jax.grad(loss(dense, plain), (0, 2)), (0, None, 0)))
    expected = of_dense(thetas, np.asarray(x), 0.1 * thetas.sum((1, 2)))
    return difference(jax.jit(over)(S, thetas, x), expected)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Placed:
    """An operator on the nodes of a graph by one on the rows of its blocks."""

    of_rows: ShardedOperator
    node: jax.Array
    row: jax.Array

    def matvec(self, x):
        return self.of_rows.matvec(x.at[self.node].get(mode="fill", fill_value=0))[self.row]


def every_transformation(backend: str) -> dict[str, float]:
    """The cells of the filters' own table, on four devices."""
    mesh = jax.make_mesh((4,), ("nodes",), (AxisType.Auto,))
    blocks = blocks_of(np.array([0, 1, 3, 1, 0]), 4)
    S = sharded_operator(blocks.graph(cells.GRAPH), mesh, backend=backend, dtype=jnp.float64)
    node = np.where(blocks.node < 0, len(cells.X), blocks.node)
    placed = Placed(S, jnp.asarray(node), jnp.asarray(blocks.row))
    jitted = set(cells.TRANSFORMATIONS) - {"export"}  # of programs for one device
    return {
        name: difference(
            cells.TRANSFORMATIONS[name](cells.loss("filter", placed)),
            cells.expected(name, "filter"),
        )
        for name in sorted(jitted)
    }


def main(backend: str, *more: str) -> None:
    """Prints all differences of a backend."""
    found: dict[str, object] = {
        "explicit axes": explicit(backend),
        "nodes": on_mesh("nodes", backend, FUNCTIONS),
        "nodes and runs": on_mesh("nodes and runs", backend, {}),
    }
    if more:
        found["one"] = on_mesh("one", backend, FUNCTIONS)
        found["derivatives"] = on_mesh("nodes", backend, MORE)
        found["transformations"] = every_transformation(backend)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
