"""What waits for memory: nodes in another order (graph.order), signals as bfloat16 (precision).

    python -m benchmarks.order               both cases, into benchmarks/RESULTS.md
    python -m benchmarks.order --case order  one case again, there
    python -m benchmarks.order --json        one JSON object for each line, to the standard output

The sides are the backends of this machine, with graph.order=rcm and precision=mixed where their
names say so. They take turns in five rounds; times are medians. The case `precision` needs
LONGNN_DATA_DIR.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from rich.console import Console
from rich.progress import track
from scipy.spatial import cKDTree

from benchmarks.polybases_speed import measure
from benchmarks.results import Line, markdown, write
from benchmarks.training import OURS, ours, problem
from benchmarks.workloads import Workload, load, power_law
from longnn.filters import filter as spectral_filter
from longnn.graphs.graph import Graph
from longnn.operators import Operator, normalized_adjacency
from longnn.operators.order import near_order
from polybases import jacobi

NODES, DEGREE = 10**6, 20
WIDTHS = (8, 32, 128)
ORDER, FILTERED = 10, 32
ROUNDS, EPOCHS = 5, 40


def geometric(nodes: int, degree: int = DEGREE, seed: int = 0) -> Graph:
    """Points of the unit square, numbered at random; those within a radius are joined."""
    points = np.random.default_rng(seed).random((nodes, 2))
    radius = np.sqrt(degree / (np.pi * nodes))
    return Graph.from_edges(cKDTree(points).query_pairs(radius, output_type="ndarray"), nodes)


def large(nodes: int = NODES) -> Iterator[Line]:
    """Products, and filters of order 10 at a width of 32, on graphs of 10^6 nodes numbered at
    random with 2e7 entries: points of a square joined to their neighbours, and a power law."""
    graphs: dict[str, Callable[[], Graph]] = {
        "geometric": partial(geometric, nodes),
        "power-law": lambda: power_law(nodes, DEGREE).graph,
    }
    for name, make in graphs.items():
        graph = make()
        made = operators(graph)
        for width in WIDTHS:
            calls = {side: product(operator, nodes, width) for side, operator in made.items()}
            yield Line("order", f"{name}, product, width {width}", measure(calls, ROUNDS))
        calls = {side: filtered(operator, nodes, FILTERED) for side, operator in made.items()}
        yield Line("order", f"{name}, filter", measure(calls, ROUNDS))
        began = perf_counter()
        near_order(graph)
        seconds = {f"{OURS[0]}, rcm": perf_counter() - began}
        yield Line("order", f"{name}, to find the order", seconds)


def operators(graph: Graph) -> dict[str, Operator]:
    """S by side; on csr mixed precision reads no less, and is not combined with the order."""
    found: dict[str, Operator] = {}
    for backend in OURS:
        for order in ("given", "rcm"):
            made: Any = normalized_adjacency(graph, backend=backend, order=order)  # type: ignore[arg-type]
            side = backend if order == "given" else f"{backend}, rcm"
            found[side] = made
            if order == "given" or backend == "native":
                found[f"{side}, mixed"] = replace(made, precision="mixed")
    return found


def product(operator: Operator, nodes: int, width: int) -> Callable[[], Array]:
    """Computes S x."""
    x = _signal(nodes, width)
    multiply = jax.jit(lambda operator, x: operator.matvec(x))
    return lambda: jax.block_until_ready(multiply(operator, x))


def filtered(operator: Operator, nodes: int, width: int) -> Callable[[], Array]:
    """Computes g(S) x."""
    x, theta = _signal(nodes, width), jnp.ones((ORDER + 1, width), jnp.float32)
    basis = jacobi(ORDER, *jnp.full((2, width), 0.5, jnp.float32))
    apply = jax.jit(lambda operator, x: spectral_filter(operator, basis, theta, x))
    return lambda: jax.block_until_ready(apply(operator, x))


def _signal(nodes: int, width: int) -> Array:
    return jax.random.normal(jax.random.key(0), (nodes, width), jnp.float32)


def epochs(workloads: Iterator[Workload] | None = None) -> Iterator[Line]:
    """Ten splits, an epoch with its evaluation, from fits of 40 epochs without compilation."""
    for w in workloads or map(load, ("cora", "squirrel")):
        sides = {backend: problem(w, backend) for backend in OURS}
        for backend, data in list(sides.items()):
            operator: Any = data.operator
            mixed = replace(operator, precision="mixed")
            sides[f"{backend}, mixed"] = data._replace(operator=mixed)
        times: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS + 1):  # the first round compiles
            for side, data in sides.items():
                times[side].append(ours(w, data, EPOCHS).seconds["train"] / EPOCHS)
        seconds = {side: median(values[1:]) for side, values in times.items()}
        yield Line("precision", f"{w.name}, ten splits, one epoch", seconds)


CASES: dict[str, Callable[[], Iterator[Line]]] = {"order": large, "precision": epochs}


def main() -> None:
    """Runs the cases that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--json", action="store_true", help="print one JSON object for each line")
    options = parser.parse_args()
    lines: list[Line] = []
    for case in track(options.case, "measuring", console=Console(stderr=True)):
        for line in CASES[case]():
            lines.append(line)
            if options.json:
                print(json.dumps(line._asdict()), flush=True)
    if options.json:
        return
    new: dict[str, str] = {}
    for name in options.case:
        rows = [line for line in lines if line.case == name]
        caption = " ".join((CASES[name].__doc__ or "").split())
        new |= markdown(rows, {name: caption}, f"python -m benchmarks.order --case {name}")
    print("\n## ".join(["", *new.values()]))
    write(new)


if __name__ == "__main__":
    main()
