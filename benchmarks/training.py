"""Training beside PyTorch on the CPU: sparse products, steps, tables, searches, starts, memory.

    python -m benchmarks.training                      all cases, into benchmarks/RESULTS.md
    python -m benchmarks.training --case table         one case again, there
    python -m benchmarks.training --case table --json  one case, to the standard output

Needs PyTorch (`pip install ".[bench]"`) and, for the real graphs, LONGNN_DATA_DIR. The sides take
turns; times are medians. Ours: `native` (C++ kernels) and `csr` (pure JAX, what runs without a
compiler). Peers: `torch reference` (messages, dense features), `torch csr` (sparse products and a
fused adjoint, as a good user writes it), `torch tuned` (the same by hand, without autograd).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.polybases_speed import measure
from benchmarks.results import Line, markdown, write
from benchmarks.workloads import Workload, load
from longnn.data.splits import Splits
from longnn.models import LonGNN
from longnn.models.features import as_features
from longnn.operators import normalized_adjacency
from longnn.operators.native import status
from longnn.training import Optim, Problem, fit
from longnn.training.executable import _compiled

OURS = ["native", "csr"] if status().active else ["csr"]
EPOCHS = 200
STEPS = 10


def peer(kind: str, w: Workload) -> Any:
    """One of the PyTorch peers on a workload."""
    from benchmarks.peers.best import BestPeer
    from benchmarks.peers.csr import CsrPeer, DensePeer
    from benchmarks.peers.reference import ReferencePeer

    classes = {
        "torch reference": ReferencePeer,
        "torch csr": CsrPeer,
        "torch csr, dense features": DensePeer,
        "torch tuned": BestPeer,
    }
    return classes[kind](w.adjacency, w.features, w.labels, w.classes, w.settings, w.rates)


def problem(w: Workload, backend: str) -> Problem:
    """The workload on the device."""
    return Problem(
        normalized_adjacency(w.graph, backend=backend),  # type: ignore[arg-type]
        as_features(w.features, backend=backend),  # type: ignore[arg-type]
        jnp.asarray(w.labels, jnp.int32),
    )


def ours(w: Workload, data: Problem, epochs: int, splits: int = 10, trials: int = 1) -> Any:
    """A fit of all splits (and trials) that no patience ends."""
    unused = np.where(w.labels < 0, -1, 2)
    part = np.where(w.train, 0, np.where(w.val, 1, unused))[:splits]
    optims = [Optim(w.rates, max_epochs=epochs, patience=epochs)] * trials
    rng = np.random.default_rng(0)
    settings = [w.settings | {"alpha": float(a)} for a in rng.uniform(-0.5, 1, trials)]
    return fit(
        LonGNN,
        data,
        Splits("benchmark", part),
        classes=w.classes,
        optim=optims,
        settings=settings,
        memory_gb=8,
    )


def product(quick: bool) -> Iterator[Line]:
    """S^k x at four widths in one call (training makes thousands in one); time of one product."""
    for name in ["cora"] if quick else ["squirrel", "cornell5", "power-law-1e6"]:
        w = load(name)
        for width in (8, 32, 64, 128):
            # fewer where one product takes a good part of a second
            power = STEPS * (10 if w.graph.num_nodes < 10**5 else max(1, 80 // width))
            calls = [*our_products(w, power), their_product(w, power)]
            x = np.random.default_rng(0).normal(size=(w.graph.num_nodes, width)).astype(np.float32)
            here = {side: make(x) for side, make in calls}
            seconds = {side: t / power for side, t in measure(here, 5, 0.2).items()}
            yield Line("product", f"{w.name}, width {width}", seconds)


def table(quick: bool) -> Iterator[Line]:
    """Ten splits of 200 epochs, evaluated at each, without compilation; peers are scaled."""
    for name in ["cora"] if quick else ["cora", "squirrel"]:
        w = load(name)
        sides: dict[str, Callable[[], float]] = {}
        for backend in OURS:
            data = problem(w, backend)
            epochs = 20 if quick else EPOCHS
            ours(w, data, epochs)
            sides[backend] = partial(_seconds, EPOCHS / epochs, w, data, epochs)
        for kind, epochs, splits in (
            ("torch tuned", 50, 2),
            ("torch csr", 50, 2),
            ("torch reference", 5, 1),
        ):
            sides[kind] = scaled(peer(kind, w), w, epochs, splits, 10 * EPOCHS)
        yield Line(
            "table", f"{w.name}, 10 x {EPOCHS} epochs", _alternated(sides, 1 if quick else 3)
        )


def step(quick: bool) -> Iterator[Line]:
    """One run alone: an epoch with its evaluation."""
    for name in ["cora"] if quick else ["cora", "squirrel", "cornell5"]:
        w = load(name)
        sides: dict[str, Callable[[], float]] = {}
        for backend in OURS:
            data = problem(w, backend)
            ours(w, data, 50, splits=1)
            sides[backend] = partial(_seconds, 1 / 50, w, data, 50, 1)
        for kind in ("torch tuned", "torch csr"):
            sides[kind] = scaled(peer(kind, w), w, 50, 1, 1)
        yield Line("step", f"{w.name}, one run, one epoch", _alternated(sides, 1 if quick else 5))


def search(quick: bool) -> Iterator[Line]:
    """64 trials x 3 splits on Cora as one batch; the peers' trials one after the other, scaled."""
    w, epochs, trials = load("cora"), 10 if quick else 100, 4 if quick else 64
    sides: dict[str, Callable[[], float]] = {}
    for backend in OURS[:1]:
        data = problem(w, backend)
        ours(w, data, min(epochs, 50), 3, trials)
        sides[backend] = partial(_seconds, 1, w, data, epochs, 3, trials)
    for kind in ("torch tuned", "torch csr"):
        sides[kind] = scaled(peer(kind, w), w, 50, 2, epochs * trials * 3)
    what = f"cora, {trials} trials x 3 splits x {epochs} epochs"
    yield Line("search", what, _alternated(sides, 1 if quick else 2))


def compilation(quick: bool) -> Iterator[Line]:
    """The ten-split program of Cora, cold."""
    w = load("cora")
    seconds = {}
    for backend in OURS:
        data, times = problem(w, backend), []
        for _ in range(1 if quick else 3):
            _compiled.cache_clear()
            jax.clear_caches()
            times.append(ours(w, data, 1).seconds["compile"])
        seconds[backend] = median(times)
    yield Line("compilation", "cora, 10 splits", seconds)


def start(quick: bool) -> Iterator[Line]:
    """From the start of a process to its result: ten splits of 200 epochs, cache warm."""
    for name in ["cora"] if quick else ["cora", "squirrel"]:
        times: dict[str, list[float]] = {}
        sides = [*OURS, "torch tuned", "torch csr"]
        for side in OURS:
            _process(side, name, quick)  # fills the cache
        for _ in range(1 if quick else 2):
            for side in sides:
                times.setdefault(side, []).append(_process(side, name, quick))
        yield Line("start", f"{name}, process", {k: median(v) for k, v in times.items()})


def large(quick: bool) -> Iterator[Line]:
    """A full-batch step with its evaluation at a propagated width of 32, K = 10: the difference
    between 9 epochs and 3, without what a fit does once; peak memory of its process."""
    for name in ["cora"] if quick else ["cornell5", "power-law-1e5", "power-law-1e6"]:
        command = [sys.executable, "-m", "benchmarks.training", "--inner", "large", name]
        found = json.loads(subprocess.check_output(command).splitlines()[-1])
        each = 1e9 * found["step"] / found["entries"]
        size = f"{found['entries']:.1e} entries, {each:.0f} ns for each"
        what = f"{name}: {size}, peak {found['peak']:.2f} GB"
        yield Line("large", what, {OURS[0]: found["step"]})


CASES = {c.__name__: c for c in (product, step, table, search, start, compilation, large)}


Make = Callable[[np.ndarray], Callable[[], Any]]


def our_products(w: Workload, power: int) -> Iterator[tuple[str, Make]]:
    """Pure JAX on graphs that it is meant for only."""

    def steps(operator: Any, x: jax.Array) -> jax.Array:
        for _ in range(STEPS):  # the loop copies what it carries
            x = operator.matvec(x)
        return x

    @jax.jit
    def apply(operator: Any, x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, power // STEPS, lambda _, y: steps(operator, y), x)

    def make(operator: Any, x: np.ndarray) -> Callable[[], Any]:
        here = jnp.asarray(x)
        return lambda: jax.block_until_ready(apply(operator, here))

    small = w.graph.num_nodes < 10**5
    for backend in [*OURS, "bucketed"] if small else OURS[:1]:
        operator = normalized_adjacency(w.graph, backend=backend)  # type: ignore[arg-type]
        yield backend, partial(make, operator)


def their_product(w: Workload, power: int) -> tuple[str, Make]:
    """MKL's, through PyTorch."""
    import torch

    from benchmarks.peers.csr import as_csr
    from benchmarks.peers.reference import normalized

    S = as_csr(normalized(w.adjacency))

    def make(x: np.ndarray) -> Callable[[], Any]:
        there = torch.from_numpy(x)

        def apply() -> Any:
            y = there
            for _ in range(power):
                y = S @ y
            return y

        return apply

    return "torch CSR", make


def _seconds(scale: float, *arguments: Any) -> float:
    return scale * ours(*arguments).seconds["train"]


def scaled(p: Any, w: Workload, epochs: int, splits: int, wanted: int) -> Callable[[], float]:
    """Seconds that ``wanted`` epochs would take, from fewer of them."""

    def seconds() -> float:
        began = time.perf_counter()
        p.run(list(zip(w.train, w.val))[:splits], epochs)
        return (time.perf_counter() - began) / (epochs * splits) * wanted

    return seconds


def _alternated(sides: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            times[name].append(side())
    return {name: median(values) for name, values in times.items()}


def _process(side: str, name: str, quick: bool) -> float:
    began = time.perf_counter()
    epochs = "10" if quick else str(EPOCHS)
    command = [sys.executable, "-m", "benchmarks.training", "--inner", "start", side, name, epochs]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _inner(task: str, *arguments: str) -> None:
    """What the cases run in processes of their own."""
    if task == "start":
        side, name, epochs = arguments
        w = load(name)
        if side in OURS:
            from longnn.experiments.jobs.compiled import keep_compiled

            keep_compiled("auto")
            ours(w, problem(w, side), int(epochs))
        else:
            _threads()
            peer(side, w).run(list(zip(w.train, w.val)), int(epochs))
        return
    w = load(arguments[0])
    width = w._replace(classes=32, settings=w.settings | {"hidden": 32})
    data = problem(width, OURS[0])
    few, many = (partial(_seconds, 1, width, data, epochs, 1) for epochs in (3, 9))
    few(), many()  # compile
    seconds = (median(many() for _ in range(3)) - median(few() for _ in range(3))) / 6
    # not ru_maxrss, which a process inherits from the one that started it
    fields = dict(s.split(":") for s in Path("/proc/self/status").read_text().splitlines())
    peak = int(fields["VmHWM"].split()[0]) * 1024 / 1e9
    entries = 2 * w.graph.num_edges
    print(json.dumps({"step": seconds, "peak": peak, "entries": entries}))


def _threads() -> None:
    import torch

    torch.set_num_threads(os.cpu_count() or 1)


def main() -> None:
    """Runs the cases that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--json", action="store_true", help="print one JSON object for each line")
    parser.add_argument("--quick", action="store_true", help="Cora only, a few epochs")
    parser.add_argument("--inner", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        _inner(*options.inner)
        return
    _threads()
    lines: list[Line] = []
    for case in track(options.case, "measuring", console=Console(stderr=True)):
        for line in CASES[case](options.quick):
            lines.append(line)
            if options.json:
                print(json.dumps(line._asdict()), flush=True)
    if options.json:
        return
    captions = {name: (case.__doc__ or "").strip() for name, case in CASES.items()}
    new: dict[str, str] = {}
    for name in options.case:
        rows = [line for line in lines if line.case == name]
        new |= markdown(rows, captions, f"python -m benchmarks.training --case {name}")
    print("\n## ".join(["", *new.values()]))
    if not options.quick:
        write(new)


if __name__ == "__main__":
    main()
