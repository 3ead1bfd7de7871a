"""Few nodes of a large graph: by the union of their neighbourhoods, one by one, and by the whole.

    python -m benchmarks.neighbourhoods            graphs of 10^6 nodes, as a table
    python -m benchmarks.neighbourhoods --shares   from which share on the whole is faster
    python -m benchmarks.neighbourhoods --json     one JSON object a line

A LON-GNN of order 10 in float32 is asked for ten nodes, drawn at random, of a grid, of a random
geometric graph and of a power-law graph, which lie on the disk with 16 features a node; and for ten
side by side (with numbers that follow each other), whose neighbourhoods overlap. Seconds
are those of whole calls: `first` with the checksums of what is read and with compiling, `others`
for ten other nodes. Bytes are those of the rows of graph and features that are looked at; the
difference is the farthest between log-probabilities of the union and of the whole.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np

import longnn
from longnn.data.dataset import Dataset
from longnn.graphs.balls import ball, rows_in_memory
from longnn.stores.graph import StoredGraph
from longnn.training import near as near_module
from longnn.training.near import SHARE
from longnn.training.result import Fit

FEATURES, CLASSES = 16, 8

Line = dict[str, Any]
"""What is measured on a graph, by name."""


def graphs(folder: Path, nodes: int) -> Iterator[tuple[str, StoredGraph]]:
    """A grid, a geometric graph and a power-law graph of about so many nodes."""
    side = int(nodes**0.5)
    yield "grid", longnn.stores.grid(folder / "grid", side, side)
    yield "geometric", longnn.stores.geometric(folder / "geometric", side**2, 8.0)
    yield "power law", longnn.stores.power_law(folder / "power_law", side**2, 20.0)


def mapped_features(file: Path, nodes: int) -> np.ndarray:
    """Features drawn at random, in a file that is mapped."""
    rng = np.random.default_rng(0)
    np.save(file, rng.standard_normal((nodes, FEATURES), np.float32))
    return np.load(file, mmap_mode="r")


def trained(order: int) -> Fit:
    """A model of that order; how well it was trained does not matter here."""
    data = longnn.data.csbm.generate(nodes=200, features=FEATURES, seed=0)
    labels = np.arange(200) % CLASSES
    given = longnn.data.own_dataset("small", data.graph, data.features, labels)
    splits = longnn.data.splits.random(given, count=1)
    few, settings = longnn.Optim(max_epochs=3), {"order": order}
    return longnn.fit("longnn", given, splits, optim=few, settings=settings)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and its seconds."""
    began = perf_counter()
    found = call()
    return found, perf_counter() - began


def drawn(nodes: int, asked: int, together: bool) -> np.ndarray:
    """Two draws [2, asked] of nodes: anywhere, or with numbers that follow each other."""
    rng = np.random.default_rng(1)
    if together:
        return rng.integers(nodes - asked, size=(2, 1)) + np.arange(asked)
    return rng.choice(nodes, 2 * asked, replace=False).reshape(2, asked)


def measured(
    graph: StoredGraph, features: np.ndarray, fit: Fit, draws: np.ndarray, order: int
) -> Line:
    """A line of the table."""
    first, others = draws
    fresh = StoredGraph(graph.path)
    few, seconds = timed(lambda: fit.predict(fresh, features, first))
    line = {"first": seconds} | near(fresh, np.sort(first), order)
    line["others"] = timed(lambda: fit.predict(fresh, features, others))[1]
    if line["nodes"] is not None:
        line["one by one"] = timed(lambda: [fit.predict(fresh, features, [n]) for n in first])[1]
    return line | whole(graph, features, fit, first, few.outputs)


def near(graph: StoredGraph, first: np.ndarray, order: int) -> Line:
    """How many nodes and bytes are looked at, together and one by one."""
    most = int(SHARE * graph.num_nodes)
    found, seconds = timed(lambda: ball(graph.take, first, order, most))
    line: Line = {"finding": seconds, "nodes": None, "bytes": None}
    if found is not None:
        alone = [ball(graph.take, first[i : i + 1], order, most) for i in range(len(first))]
        line["nodes"], line["one by one, nodes"] = (
            len(found.nodes),
            sum(len(b.nodes) for b in alone),
        )
        line["bytes"] = (
            4 * FEATURES * len(found.nodes) + 16 * len(found.nodes) + 4 * len(found.senders)
        )
    return line


def whole(
    graph: StoredGraph, features: np.ndarray, fit: Fit, first: np.ndarray, few: np.ndarray
) -> Line:
    """The same by the whole graph, read into memory before."""
    labels = np.full(graph.num_nodes, -1)
    held = Dataset("all", graph.graph(), np.array(features), labels, classes=0)
    found, once = timed(lambda: fit.predict(held).outputs[:, first])
    _, again = timed(lambda: fit.predict(held))
    size = features.nbytes + 8 * (graph.num_nodes + 1) + 4 * graph.entries
    return {
        "all nodes": graph.num_nodes,
        "all bytes": size,
        "whole, first": once,
        "whole, again": again,
        "farthest": float(np.abs(few - found).max()),
    }


def crossing(
    graph: StoredGraph,
    features: np.ndarray,
    fit: Fit,
    order: int,
    counts: tuple[int, ...] = (100, 300, 1000, 3000, 10_000),
) -> Iterator[Line]:
    """Seconds of unions of several shares of a graph, by the whole of it held in memory."""
    labels = np.full(graph.num_nodes, -1)
    held = Dataset("all", graph.graph(), np.array(features), labels, classes=0)
    for asked in counts:
        nodes = np.random.default_rng(2).choice(graph.num_nodes, asked, replace=False)
        found = ball(rows_in_memory(held.graph), np.sort(nodes), order, graph.num_nodes)
        line: Line = {"asked": asked, "share": len(found.nodes) / graph.num_nodes}
        for way, share in (("union", 1.0), ("whole", 0.0)):
            with patch.object(near_module, "SHARE", share):
                call = partial(fit.predict, held, nodes=nodes)
                call()
                line[way] = timed(call)[1]
        yield line


COLUMNS = {
    "graph": ("graph", "{}"),
    "union, nodes": ("nodes", "{:,}"),
    "alone, nodes": ("one by one, nodes", "{:,}"),
    "all nodes": ("all nodes", "{:,}"),
    "MB": ("bytes", "{:.2f}"),
    "of": ("all bytes", "{:.0f}"),
    "first s": ("first", "{:.2f}"),
    "others s": ("others", "{:.2f}"),
    "alone s": ("one by one", "{:.2f}"),
    "whole first s": ("whole, first", "{:.2f}"),
    "whole again s": ("whole, again", "{:.2f}"),
    "difference": ("farthest", "{:.0e}"),
}
"""Heading of a column, its name in a line, and how it is written."""


def row(line: Line) -> str:
    """A row of the table in markdown; what falls back has dashes."""
    cells = []
    for name, form in COLUMNS.values():
        value = line.get(name)
        value = value / 1e6 if value is not None and "bytes" in name else value
        cells.append("-" if value is None else form.format(value))
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nodes", type=int, default=10**6, help="of each graph, about")
    parser.add_argument("--asked", type=int, default=10, help="nodes that are asked for")
    parser.add_argument("--order", type=int, default=10, help="of the filter")
    parser.add_argument("--shares", action="store_true", help="unions of growing size, of the grid")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    fit = trained(options.order)
    if not (options.json or options.shares):
        print("| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|", sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, graph in graphs(Path(folder), options.nodes):
            features = mapped_features(Path(folder, "x.npy"), graph.num_nodes)
            if options.shares:
                for line in crossing(graph, features, fit, options.order):
                    print(json.dumps(line), flush=True)
                return
            for together in (False, True)[: 1 if name == "power law" else 2]:
                line = {"graph": f"{name}, side by side" if together else name}
                draws = drawn(graph.num_nodes, options.asked, together)
                line |= measured(graph, features, fit, draws, options.order)
                print(json.dumps(line) if options.json else row(line), flush=True)


if __name__ == "__main__":
    main()
