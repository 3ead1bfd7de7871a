"""Runs, nodes, or both over eight simulated devices: losses, bytes exchanged, bytes of a device.

``LONGNN_DATA_DIR=... python -m benchmarks.sharded [GRAPH ...]`` trains LON-GNN for 20 epochs, eight
runs at once, on one device and on eight, and prints two tables. A graph is cora, squirrel, or
power-law-N with N nodes. Bytes are counted in the compiled programs.

Two processes of four devices each print the second table of the same cases when they are joined:
``XLA_FLAGS=--xla_force_host_platform_device_count=4 python -m benchmarks.sharded --join
127.0.0.1:45000 0/2``, and 1/2 in the other.
"""

import argparse
import math
import os
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import longnn
from benchmarks.workloads import Workload, load
from longnn.data import Splits
from longnn.models import LonGNN, as_features
from longnn.operators import blocks_of, cost_of, normalized_adjacency, parts_of, sharded_operator
from longnn.operators.parts import Partitioner
from longnn.training import Fit, Optim, Problem, Trial
from longnn.training.batch import make_batch
from longnn.training.executable import compiled_step
from longnn.training.problem_by_rows import spread_problem
from longnn.training.room import bytes_of
from longnn.training.rows import mesh_over

DEVICES, EPOCHS, SPLITS = 8, 20, 8
AXES = {"runs": (8, 1), "nodes": (1, 8), "both": (2, 4)}
"""The groups of devices over which runs go, and the devices of each, over which nodes go."""


class Case(NamedTuple):
    """What is trained."""

    work: Workload
    splits: Splits
    settings: dict[str, Any]
    optim: Optim


def case_of(name: str) -> Case:
    """A graph with eight splits; a narrower model where it is large."""
    work = load(name)
    part = np.where(work.train, 0, np.where(work.val, 1, 2))[:SPLITS]
    part[:, work.labels < 0] = -1
    hidden = 16 if work.graph.num_nodes > 20_000 else 64
    optim = Optim(work.rates, max_epochs=EPOCHS, patience=EPOCHS)
    return Case(work, Splits("random", part), {**work.settings, "hidden": hidden}, optim)


def problem_of(work: Workload, nodes: int, runs: int, dtype: str) -> Problem:
    """On one device, or over the axes of a mesh."""
    if nodes == 1:
        operator = normalized_adjacency(work.graph, dtype=dtype)
        return Problem(operator, as_features(work.features, dtype=dtype), jnp.asarray(work.labels))
    given = work.graph, work.features, work.labels
    return spread_problem(*given, mesh_over(nodes, runs), dtype=dtype)


def trained(case: Case, problem: Problem, devices: int) -> tuple[Fit, float]:
    """The fit, and the peak memory of a chunk of epochs on a device in bytes."""
    work, trial = case.work, Trial(case.settings, case.optim)
    batch = make_batch(
        LonGNN, problem, case.splits, work.classes, [trial], "accuracy", devices=devices
    )
    step = compiled_step(batch, *batch.shapes(SPLITS), EPOCHS)
    options: dict[str, Any] = {"optim": case.optim, "settings": case.settings, "chunk": EPOCHS}
    fit = longnn.fit(LonGNN, problem, case.splits, classes=work.classes, devices=devices, **options)
    return fit, bytes_of(step)


def difference(one: Fit, other: Fit) -> float:
    """The largest relative difference of a loss."""
    pairs = [(one.curves[name], other.curves[name]) for name in ("loss", "val_loss")]
    return max(float(np.max(np.abs(a - b) / np.abs(a))) for a, b in pairs)


def rows_of(case: Case) -> Iterator[str]:
    """A line for each axis."""
    found: dict[str, list[str]] = {axis: [] for axis in AXES}
    for dtype in ("float64", "float32"):
        one, whole = trained(case, problem_of(case.work, 1, 1, dtype), 1)
        for axis, (runs, nodes) in AXES.items():
            fit, peak = trained(case, problem_of(case.work, nodes, runs, dtype), DEVICES)
            print(case.work.name, dtype, axis, difference(one, fit), file=sys.stderr, flush=True)
            found[axis] += [f"{difference(one, fit):.1e}"]
            if dtype == "float32":
                found[axis] += [f"{peak / 1e6:.1f}", f"{whole / DEVICES / 1e6:.1f}"]
    for axis, cells in found.items():
        yield " | ".join(["", case.work.name, axis, *cells, ""]).strip()


def exchange_rows(work: Workload) -> Iterator[str]:
    """A line for each partitioner: what a product of float32 with a column a class exchanges."""
    partitioners: list[Partitioner] = ["breadth", *(["metis"] if find_spec("pymetis") else [])]
    mesh, graph = mesh_over(DEVICES), work.graph
    by_nodes, shared = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in (("nodes",), ()))
    for partitioner in partitioners:
        parts = parts_of(graph, DEVICES, partitioner)
        cost, blocks = cost_of(graph, parts), blocks_of(parts, DEVICES)
        operator = sharded_operator(blocks.graph(graph), mesh)
        shape = (operator.num_nodes, work.classes)
        x = jax.ShapeDtypeStruct(shape, jnp.float32, sharding=by_nodes)
        product = jax.jit(lambda S, x: S.matvec(x)).lower(operator, x).compile()
        gather = jax.jit(lambda x: 2 * x, out_shardings=shared).lower(x).compile()
        sent = bytes_in(product, "collective-permute")
        whole = bytes_in(gather, "all-gather") * (DEVICES - 1) / DEVICES
        cells = [
            f"{100 * cost.cut / graph.num_edges:.1f} %",
            f"{cost.halo / DEVICES:,.0f}",
            f"{sent / 1e3:,.1f}",
            f"{whole / 1e3:,.1f}",
        ]
        yield " | ".join(["", work.name, partitioner, *cells, ""]).strip()


def bytes_in(program: jax.stages.Compiled, operation: str) -> int:
    """The bytes of the results of an operation of float32 on a device."""
    found = re.findall(rf"= f32\[([\d,]+)\]\S* {operation}\(", program.as_text())
    return sum(4 * math.prod(map(int, shape.split(","))) for shape in found)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graphs", nargs="*", default=["cora", "squirrel", "power-law-1e5"])
    parser.add_argument("--join", nargs=2, metavar=("HOST:PORT", "I/N"), help="other processes")
    options = parser.parse_args()
    if options.join:
        address, place = options.join
        number, count = map(int, place.split("/"))
        jax.distributed.initialize(address, count, number)
    graphs = options.graphs
    jax.config.update("jax_enable_x64", True)
    cases = [case_of(name) for name in graphs]
    if not options.join:
        _print_exchanges(cases)
    print("\n| graph | axes | float64 | float32 | peak of a device, MB | 1/8 of one, MB |")
    print("|---|---|---|---|---|---|")
    for case in cases:
        print(*rows_of(case), sep="\n", flush=True)


def _print_exchanges(cases: list[Case]) -> None:
    print("| graph | partitioner | edges cut | rows read of others, a device | sent, kB "
          "| all-gather, kB |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for case in cases:
        print(*exchange_rows(case.work), sep="\n", flush=True)


if __name__ == "__main__":
    main()
