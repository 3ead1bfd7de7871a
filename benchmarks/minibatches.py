"""Mini-batches of propagated terms on power-law graphs: seconds of every step, and peak memory.

    python -m benchmarks.minibatches --nodes 1000000
    python -m benchmarks.minibatches --nodes 10000000 --memory 8

LON-GNN, one run, in float32 on a graph on the disk: 20 entries and 16 features a node, order 10, 8
classes that the features decide in part, 60 % of the nodes for training, 20 % for validation. The
second of three epochs is taken (the first one compiles), without and with the evaluation that ends
it. Prints one JSON object; `peak_gb` is the most resident memory of the process, mapped files
included.
"""

import argparse
import json
import resource
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import longnn
import polybases
from longnn.stores import StoredTerms
from longnn.training import BatchProgress

FEATURES, CLASSES, ORDER = 16, 8, 10
PIECE = 1 << 18


def features_of(file: Path, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features in a mapped file, and labels: the largest of the first 8 features and some noise."""
    rng = np.random.default_rng(0)
    values = np.lib.format.open_memmap(file, "w+", np.float32, (nodes, FEATURES))
    labels = np.empty(nodes, np.int32)
    for start in range(0, nodes, PIECE):
        part = rng.standard_normal((min(PIECE, nodes - start), FEATURES), np.float32)
        values[start : start + PIECE] = part
        noise = rng.standard_normal((len(part), CLASSES), np.float32)
        labels[start : start + PIECE] = (part[:, :CLASSES] + 0.5 * noise).argmax(axis=1)
    values.flush()
    return np.load(file, mmap_mode="r"), labels


class Clock:
    """When each mini-batch and each epoch ended."""

    def __init__(self) -> None:
        self.batches: dict[int, list[float]] = {}
        self.ends: list[float] = []

    def __call__(self, progress: BatchProgress) -> None:
        """Notes the time."""
        now = perf_counter()
        if progress.batch:
            self.batches.setdefault(progress.epoch, []).append(now)
        else:
            self.ends.append(now)

    def seconds(self) -> dict[str, float]:
        """Of the second epoch."""
        last = self.batches[1][-1]
        return {"epoch_s": last - self.ends[0], "evaluation_s": self.ends[1] - last}


def measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The seconds of each step by name."""
    nodes, began, found = options.nodes, perf_counter(), dict[str, Any]()

    def took(name: str) -> None:
        nonlocal began
        found[name] = perf_counter() - began
        began = perf_counter()

    graph = longnn.stores.power_law(folder / "graph", nodes, 20.0, memory_gb=options.memory / 2)
    took("build_s")
    values, labels = features_of(folder / "x.npy", nodes)
    took("features_s")
    basis = polybases.jacobi(ORDER, 0.0, 0.0)
    terms = longnn.stores.propagate(
        folder / "terms", graph, values, basis, memory_gb=options.memory / 4
    )
    took("propagate_s")
    terms = StoredTerms(folder / "terms")
    part = np.random.default_rng(1).choice(3, size=nodes, p=[0.6, 0.2, 0.2])
    clock = Clock()
    run = longnn.fit_stored(
        "longnn",
        terms,
        labels,
        longnn.data.Splits("drawn", part[None].astype(np.int8)),
        classes=CLASSES,
        batch_nodes=options.batch,
        optim=longnn.Optim(max_epochs=3),
        memory_gb=options.memory,
        on_progress=clock,
    )
    took("fit_s")
    run.save_predictions(folder / "all.npy")
    took("predict_s")
    found |= clock.seconds()
    found["val_accuracy"] = run.score("val").mean
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    facts = {"nodes": nodes, "entries": graph.entries, "terms_gb": terms.bytes / 1e9}
    return facts | found | {"batches": len(clock.batches[1]), "peak_gb": peak}


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nodes", type=int, default=10**6)
    parser.add_argument("--batch", type=int, default=10_000, help="training nodes of a mini-batch")
    parser.add_argument("--memory", type=float, default=4.0, help="memory_gb of the training")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        line = measured(Path(folder), options)
    print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()}))


if __name__ == "__main__":
    main()
