"""Graphs that outgrow memory, by stages: each in a process of its own, with a bound on its memory.

    python -m benchmarks.large --nodes 100000 --folder /scratch/large
    python -m benchmarks.large --nodes 10000000 --limit-gb 16 --folder /scratch/large
    python -m benchmarks.large --shape products --folder /scratch/large

The graph is a power law with 20 entries a node and 16 features in 8 classes (or another `--kind`),
or has the shape of ogbn-products. A stage whose result is in the folder already is left out.
The bound is a cgroup's where one can be made, else `ulimit -d`, which does not count mapped files.
`product` compares a product with S, whose rows are read from the page cache, with a copy in memory
by as many threads, with numpy taking the same rows by as many, and with reading files from the
disk after they were dropped from the cache; its bytes are a number of 4 bytes and a row of the
signal for each entry, and three rows of signals for each node. Times are the least of eight.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import longnn
import polybases
from benchmarks.bandwidth import REPEATS, copied, read, taken, timed
from benchmarks.bounded import bounded
from longnn import stores
from longnn.stores.generated import power_law_edges, sbm_edges
from longnn.stores.pieces import aligned
from longnn.stores.products import Step, StreamedOperator
from longnn.training import StoredFit

ORDER, EPOCHS, PIECE = 10, 3, 1 << 16
KINDS = ("power_law", "power_law_by_degree", "sbm")


class Shape(NamedTuple):
    """Sizes of a dataset."""

    nodes: int
    degree: float
    features: int
    classes: int


PRODUCTS = Shape(2_449_029, 1.24e8 / 2_449_029, 100, 47)


def edges(kind: str, shape: Shape) -> Iterator[stores.building.Chunk]:
    """Edges of a power law or of a block model."""
    if kind == "sbm":
        return sbm_edges(shape.nodes, shape.classes, 0.8 * shape.degree, 0.2 * shape.degree, 0)
    count = round(shape.nodes * shape.degree / 2)
    by_degree = kind == "power_law_by_degree"
    return power_law_edges(shape.nodes, count, 2.5, shape.degree, 0, by_degree)


def rows(shape: Shape) -> Iterator[np.ndarray]:
    """Features drawn at random, which tell the class of a node with errors."""
    rng = np.random.default_rng(0)
    for start in range(0, shape.nodes, PIECE):
        node = np.arange(start, min(start + PIECE, shape.nodes))
        x = rng.standard_normal((len(node), shape.features), np.float32)
        x[np.arange(len(node)), node % shape.classes % shape.features] += 1
        yield x


def build(folder: Path, kind: str, shape: Shape) -> dict[str, Any]:
    """The dataset on the disk."""
    labels = np.arange(shape.nodes) % shape.classes
    part = np.random.default_rng(1).choice(3, shape.nodes, p=[0.1, 0.1, 0.8]).astype(np.int8)
    stores.dataset_of(folder / "data", edges(kind, shape), rows(shape), labels, part)
    return {}


def propagate(folder: Path, memory_gb: float) -> dict[str, Any]:
    """p_k(S) X for k = 0 to 10."""
    data = stores.StoredDataset(folder / "data")
    basis = polybases.jacobi(ORDER, np.float64(0), np.float64(0))
    stores.propagate(folder / "terms", data.graph, data, basis, memory_gb=memory_gb)
    return {"products": ORDER}


def product(folder: Path, width: int) -> dict[str, Any]:
    """Bytes in a second of a product, of a copy in memory and of reading the files."""
    graph = stores.StoredDataset(folder / "data").graph
    operator, threads = StreamedOperator(graph), len(os.sched_getaffinity(0))
    shape, kind = (graph.num_nodes, width), np.dtype(np.float32)
    current, previous = aligned(shape, kind), aligned(shape, kind)
    current[:], previous[:] = 1, 0
    step = Step(0.1, 0.5, 0.2)
    operator.advance(step, current, previous)  # verifies the checksums
    seconds = min(timed(lambda: operator.advance(step, current, previous)) for _ in range(REPEATS))
    size = graph.entries * (4 + 4 * width) + 3 * current.nbytes
    return {
        "product s": seconds,
        "product GB/s": size / seconds / 1e9,
        "copy GB/s": copied(threads),
        "take GB/s": taken(graph, current, threads),
        "disk GB/s": read(folder / "terms"),
        "streamed GB/s": 4 * graph.entries / seconds / 1e9,
        "ns per entry and product": seconds / graph.entries * 1e9,
    }


def train(folder: Path, batch_nodes: int, memory_gb: float) -> dict[str, Any]:
    """LON-GNN in mini-batches; seconds of an epoch that compiles nothing, validation included."""
    ends = {0: perf_counter()}

    def told(at: Any) -> None:
        ends.setdefault(at.epoch, perf_counter())

    run = trained(folder, batch_nodes, memory_gb, told)
    score = run.score("val").mean
    return {"epoch s": ends[EPOCHS] - ends[EPOCHS - 1], "validation": score}


def evaluate(folder: Path, batch_nodes: int, memory_gb: float) -> dict[str, Any]:
    """Predictions of all nodes, written piece by piece."""
    run = trained(folder, batch_nodes, memory_gb, lambda _: None)  # what has ended is opened
    seconds = timed(lambda: run.save_predictions(folder / "predictions.npy"))
    return {"evaluation s": seconds}


def trained(
    folder: Path, batch_nodes: int, memory_gb: float, told: Callable[[Any], None]
) -> StoredFit:
    """The training in a folder, which goes on or has ended."""
    return longnn.fit_stored(
        "longnn",
        stores.StoredTerms(folder / "terms"),
        stores.StoredDataset(folder / "data"),
        batch_nodes=batch_nodes,
        optim=longnn.Optim(max_epochs=EPOCHS),
        memory_gb=memory_gb,
        checkpoint=folder / "training",
        on_progress=told,
    )


STAGES: dict[str, Callable[[argparse.Namespace, Shape], dict[str, Any]]] = {
    "build": lambda o, shape: build(o.folder, o.kind, shape),
    "propagate": lambda o, shape: propagate(o.folder, o.memory_gb),
    "product": lambda o, shape: product(o.folder, shape.features),
    "train": lambda o, shape: train(o.folder, o.batch_nodes, o.memory_gb),
    "evaluate": lambda o, shape: evaluate(o.folder, o.batch_nodes, o.memory_gb),
}
"""What is measured, in this order."""

MADE = {"build": "data", "propagate": "terms", "train": "training"}
"""The folder that a stage makes."""


def in_process(stage: str, options: argparse.Namespace) -> dict[str, Any]:
    """Runs a stage in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.large", "--stage", stage]
    given = {n: v for n, v in vars(options).items() if n not in ("stage", "shape")}
    command += [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    began = perf_counter()
    with bounded(options.limit_gb) as (before, by):
        done = subprocess.run([*before, *command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{stage} ended with {done.returncode} (-9: killed, for its memory?)")
    found = json.loads(done.stdout.splitlines()[-1]) | {"seconds": perf_counter() - began}
    return found | {"bound": f"{options.limit_gb:g} GB by {by}"}


def line(stage: str, options: argparse.Namespace) -> dict[str, Any]:
    """What a stage printed, in its process."""
    shape = Shape(options.nodes, options.degree, options.features, options.classes)
    found = STAGES[stage](options, shape)
    made = options.folder / MADE.get(stage, "none")
    disk = sum(f.stat().st_size for f in made.rglob("*") if f.is_file()) if made.exists() else 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak, cpu = used.ru_maxrss * 1024 / 1e9, used.ru_utime + used.ru_stime
    entries = stores.StoredDataset(options.folder / "data").graph.entries
    facts = {"stage": stage, "entries": entries, "peak GB": peak, "disk GB": disk / 1e9}
    facts |= {"processor s": cpu}
    return facts | found


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    made.add_argument("--nodes", type=int, default=10**5)
    made.add_argument("--degree", type=float, default=20.0, help="entries a node")
    made.add_argument("--features", type=int, default=16)
    made.add_argument("--classes", type=int, default=8)
    made.add_argument("--shape", choices=["products"], help="sizes of a known dataset")
    made.add_argument("--kind", choices=KINDS, default="power_law")
    made.add_argument("--folder", type=Path, required=True, help="where stores are made")
    made.add_argument("--limit-gb", type=float, default=16.0, help="of memory, for each stage")
    made.add_argument("--memory-gb", type=float, default=4.0, help="for signals and mini-batches")
    made.add_argument("--batch-nodes", type=int, default=10_000, help="training nodes at once")
    made.add_argument("--stage", choices=STAGES, help="this one, in this process")
    return made


def main() -> None:
    """Prints a JSON object for each stage."""
    options = parser().parse_args()
    if options.shape == "products":
        options.nodes, options.degree, options.features, options.classes = PRODUCTS
    if options.stage is not None:
        print(json.dumps(line(options.stage, options)))
        return
    for stage in STAGES:
        if not (options.folder / MADE.get(stage, "none")).exists():
            found = in_process(stage, options)
            found["ns per entry"] = found["seconds"] / found["entries"] * 1e9
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
