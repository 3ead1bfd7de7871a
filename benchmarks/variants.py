"""Every variant of the native kernels that this processor can run, beside pure JAX and PyTorch.

    python -m benchmarks.variants            into the section of benchmarks/RESULTS.md
    python -m benchmarks.variants --json     one JSON object for each line, to the standard output

Each side is a process of its own, which waits while the others are timed: v4, v3, v2 and portable
(LONGNN_NATIVE), csr (pure JAX), torch CSR (one product, by MKL), torch tuned and torch csr
(training). XLA compiles for the same instructions as the variant (``--xla_cpu_max_isa``), also for
the csr that it is compared with; jaxlib's own CSR product, MKL and PyTorch choose theirs. They take
turns in five rounds; times are medians. ``longnn build --all`` first; LONGNN_DATA_DIR and PyTorch
are needed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.results import Line, markdown, write
from longnn.operators.native.library import library_path
from longnn.operators.native.variants import variants_here

WIDTHS = (8, 32, 50, 128)
GRAPHS = ("squirrel", "cornell5")
TABLES = ("cora", "squirrel")
POWER, EPOCHS, ROUNDS = 100, 40, 5
PRODUCTS, EPOCHS_OF_TEN = "variants: products", "variants: epochs of ten splits"
ISA = {"v4": "AVX512", "v3": "AVX2", "v2": "SSE4_2", "portable": "SSE4_2"}
"""What XLA calls the instructions of each variant."""


class Side:
    """A process that times what it is asked for."""

    def __init__(self, name: str, native: str, isa: str):
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_max_isa={isa}"
        environment = {**os.environ, "LONGNN_NATIVE": native, "XLA_FLAGS": flags}
        command = [sys.executable, "-m", "benchmarks.variants", "--serve", name]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, *work: Any) -> float:
        """Time of one piece of work; the first time it is asked for, it is prepared before."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(work), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process that times {work} has ended")
        return float(answer)


def products(sides: dict[str, Side]) -> Iterator[Line]:
    """S^100 x in one call; time of one product."""
    chosen = [name for name in sides if name not in ("torch tuned", "torch csr")]
    for graph in GRAPHS:
        for width in WIDTHS:
            work = ("product", graph, width)
            yield Line(PRODUCTS, f"{graph}, width {width}", turns(sides, chosen, work))


def tables(sides: dict[str, Side]) -> Iterator[Line]:
    """Ten splits, an epoch with its evaluation, from fits of 40 epochs without compilation."""
    chosen = [name for name in sides if name != "torch CSR"]
    for graph in TABLES:
        yield Line(EPOCHS_OF_TEN, f"{graph}, ten splits", turns(sides, chosen, ("epoch", graph)))


def turns(sides: dict[str, Side], chosen: list[str], work: tuple[Any, ...]) -> dict[str, float]:
    """Medians of rounds in which every side is asked once; one round before does not count."""
    times: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(ROUNDS + 1):
        for name in chosen:
            times[name].append(sides[name].seconds(*work))
    return {name: median(values[1:]) for name, values in times.items()}


def serve(name: str) -> None:
    """Reads pieces of work from the standard input and answers with their seconds."""
    prepared: dict[str, Callable[[], float]] = {}
    for line in sys.stdin:
        if line not in prepared:
            kind, *arguments = json.loads(line)
            prepared[line] = {"product": product, "epoch": epoch}[kind](name, *arguments)
        print(prepared[line](), flush=True)


def product(side: str, graph: str, width: int) -> Callable[[], float]:
    """Seconds of one product of S with a signal of this width."""
    from benchmarks.training import our_products, their_product
    from benchmarks.workloads import load

    w = load(graph)
    makers = dict([their_product(w, POWER)] if side == "torch CSR" else our_products(w, POWER))
    make = makers[side if side in ("torch CSR", "csr") else "native"]
    x = np.random.default_rng(0).normal(size=(w.graph.num_nodes, width)).astype(np.float32)
    call = make(x)

    def seconds() -> float:
        began = perf_counter()
        call()
        return (perf_counter() - began) / POWER

    return seconds


def epoch(side: str, graph: str) -> Callable[[], float]:
    """Seconds of an epoch of ten splits with its evaluation."""
    from benchmarks.training import ours, peer, problem, scaled
    from benchmarks.workloads import load

    w = load(graph)
    if side.startswith("torch"):
        return scaled(peer(side, w), w, EPOCHS, 2, 10)
    data = problem(w, "csr" if side == "csr" else "native")
    return lambda: ours(w, data, EPOCHS).seconds["train"] / EPOCHS


def main() -> None:
    """Times all sides, or serves as one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each line")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    built = [variant.name for variant in variants_here() if library_path(variant).exists()]
    sides = {name: Side(name, name, ISA[name]) for name in built}
    for isa in dict.fromkeys(ISA[name] for name in built):
        sides[f"csr, {isa}"] = Side("csr", "0", isa)
    for name in ("torch CSR", "torch tuned", "torch csr"):
        sides[name] = Side(name, "0", ISA[built[0]])
    lines: list[Line] = []
    for case in track((products, tables), "measuring", console=Console(stderr=True)):
        for line in case(sides):
            lines.append(line)
            print(json.dumps(line._asdict()) if options.json else line, flush=True)
    if options.json:
        return
    captions = {PRODUCTS: str(products.__doc__), EPOCHS_OF_TEN: str(tables.__doc__)}
    new = markdown(lines, captions, "python -m benchmarks.variants")
    print("\n## ".join(["", *new.values()]))
    write(new)


if __name__ == "__main__":
    main()
