"""Spectral densities: time, memory, and the distance from all eigenvalues where those can be had.

python -m benchmarks.spectra cora squirrel power-law-1e6

A name is a dataset of conf/dataset, "cornell5", or "power-law-N" (20 edge ends a node).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import scipy.stats

from benchmarks.workloads import load
from longnn.analysis import Measure, eigenvalues, spectral_measure
from longnn.graphs.graph import Graph

EXACT = 6000
SEEDS = 5
COLUMNS = ("graph", "nodes", "entries", "method", "kernel", "seconds", "further peak [GB]",
           "W1, mean", "W1, largest")  # fmt: skip
CASES = [("kpm", "lanczos"), ("kpm", "jackson"), ("kpm", "dirichlet"), ("lanczos", "lanczos")]


def main() -> None:
    """Prints one Markdown table."""
    formatter = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--probes", type=int, default=10)
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    for name in options.names:
        graph = load(name).graph
        start = time.perf_counter()
        exact = eigenvalues(graph, limit=EXACT) if graph.num_nodes <= EXACT else None
        taken = time.perf_counter() - start
        size = f"{name} | {graph.num_nodes:,} | {len(graph.senders):,}"
        if exact is not None:
            print(f"| {size} | exact | - | {taken:.1f} | - | 0 | 0 |", flush=True)
        for method, kernel in CASES:
            row = _case(graph, method, kernel, options.moments, options.probes, exact)
            damped = kernel if method == "kpm" else "-"
            print(f"| {size} | {method} | {damped} | {row} |", flush=True)


def _case(
    graph: Graph, method: str, kernel: str, moments: int, probes: int, exact: np.ndarray | None
) -> str:
    """Time and memory of one call, compilation included; distances over `SEEDS` draws."""
    settings = {"moments": moments, "probes": probes, "kernel": kernel}
    before = _peak(reset=True)
    start = time.perf_counter()
    first = spectral_measure(graph, method, **settings)
    taken = time.perf_counter() - start
    line = f"{taken:.1f} | {_peak() - before:.2f}"
    if exact is None:
        return f"{line} | - | -"
    rest = [spectral_measure(graph, method, **settings, seed=s) for s in range(1, SEEDS)]
    distances = [_distance(measure, exact) for measure in (first, *rest)]
    return f"{line} | {np.mean(distances):.4f} | {np.max(distances):.4f}"


def _distance(measure: Measure, exact: np.ndarray) -> float:
    return float(scipy.stats.wasserstein_distance(measure.lam, exact, measure.mass))


def _peak(reset: bool = False) -> float:
    """Largest resident memory [GB]; ``reset`` makes it what is resident now (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e6


if __name__ == "__main__":
    main()
