"""Training on one GPU, beside PyTorch on the same: a few minutes, a JSON line for each figure.

    python -m benchmarks.gpu                        everything
    python -m benchmarks.gpu --part products epochs some parts of it
    python -m benchmarks.gpu --quick                small graphs and few repeats, on any device

Needs PyTorch with CUDA, pytest and LONGNN_DATA_DIR. Each part runs in a process of its own, so that
memory and compiled programs are its own; one that fails prints its error, and the exit code is 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import longnn
import polybases
from benchmarks.results import versions
from benchmarks.trace import launched

Figure = dict[str, Any]
WIDTHS = (8, 32, 70, 128, 320)


def environment(quick: bool) -> Iterator[Figure]:
    """The device and the versions."""
    device = jax.devices()[0]
    found = versions("jax", "jaxlib", "flax", "optax", "torch")
    yield {"device": device.device_kind, "platform": device.platform, **found}


def products(quick: bool) -> Iterator[Figure]:
    """Milliseconds of one product S x, by width, on each backend and by cuSPARSE."""
    from benchmarks.workloads import load
    from longnn.operators import normalized_adjacency

    for name in ["cora"] if quick else ["squirrel", "cornell5", "power-law-1e6"]:
        w = load(name)
        for backend in ("segment_sum", "bucketed", "csr"):
            operator = normalized_adjacency(w.graph, backend=backend)  # type: ignore[arg-type]
            for width in WIDTHS[:2] if quick else WIDTHS:
                yield {
                    "graph": name,
                    "width": width,
                    "side": backend,
                    "ms": 1e3 * _product_seconds(operator, w.graph.num_nodes, width),
                }
        for width in WIDTHS[:2] if quick else WIDTHS:
            seconds = _cusparse_seconds(w, width)
            yield {"graph": name, "width": width, "side": "torch CSR", "ms": 1e3 * seconds}


@partial(jax.jit, static_argnames="steps")
def _power(operator: Any, x: jax.Array, steps: int) -> jax.Array:
    return jax.lax.fori_loop(0, steps, lambda _, y: operator.matvec(y), x)


def _product_seconds(operator: Any, nodes: int, width: int, steps: int = 50) -> float:
    x = jnp.asarray(np.random.default_rng(0).normal(size=(nodes, width)), jnp.float32)
    return _median(lambda: jax.block_until_ready(_power(operator, x, steps))) / steps


def _cusparse_seconds(w: Any, width: int, steps: int = 50) -> float:
    import torch

    from benchmarks.peers.csr import as_csr
    from benchmarks.peers.reference import normalized

    _torch_device()
    S = as_csr(normalized(w.adjacency))
    x = torch.randn(w.graph.num_nodes, width)

    def work() -> None:
        y = x
        for _ in range(steps):
            y = torch.sparse.mm(S, y)
        _synchronize()

    return _median(work) / steps


def epochs(quick: bool) -> Iterator[Figure]:
    """Milliseconds of an epoch with its evaluation, of one run and of ten; seconds before it."""
    from benchmarks.training import ours, problem
    from benchmarks.workloads import load

    count = 20 if quick else 200
    for name in ["cora"] if quick else ["cora", "squirrel"]:
        w = load(name)
        data = problem(w, "auto")
        for splits in (10, 1):
            began = time.perf_counter()
            first = ours(w, data, count, splits)
            before = time.perf_counter() - began
            train = median(ours(w, data, count, splits).seconds["train"] for _ in range(3))
            yield {
                "graph": name,
                "runs": splits,
                "side": "ours",
                "ms": 1e3 * train / count,
                "compile_s": first.seconds["compile"],
                "first_s": before - train,
            }


def search(quick: bool) -> Iterator[Figure]:
    """Seconds of 64 trials x 3 splits x 100 epochs on Cora as one batch."""
    from benchmarks.training import ours, problem
    from benchmarks.workloads import load

    w = load("cora")
    data, trials, count = problem(w, "auto"), 4 if quick else 64, 10 if quick else 100
    ours(w, data, count, 3, trials)
    seconds = ours(w, data, count, 3, trials).seconds["train"]
    yield {"graph": "cora", "trials": trials, "epochs": count, "side": "ours", "s": seconds}


def peers(quick: bool) -> Iterator[Figure]:
    """Milliseconds of one run's epoch in PyTorch: eager, and its step as one CUDA graph."""
    from benchmarks.peers.recorded import recorded
    from benchmarks.training import peer
    from benchmarks.workloads import load

    _torch_device()
    count = 5 if quick else 50
    for name in ["cora"] if quick else ["cora", "squirrel"]:
        w = load(name)
        for kind in ("torch csr", "torch reference"):
            p = peer(kind, w)
            p.use_split(w.train[0], w.val[0])

            def epoch(p: Any = p) -> None:
                p.step()
                p.evaluate()

            epoch()
            ms = 1e3 * _median(lambda e=epoch: [e() for _ in range(count)]) / count  # type: ignore[misc]
            yield {"graph": name, "side": f"{kind}, eager", "ms": ms}
        if _cuda():
            replay = recorded(peer("torch csr", w), w)
            ms = 1e3 * _median(lambda r=replay: _replayed(r, count)) / count  # type: ignore[misc]
            yield {"graph": name, "side": "torch csr, CUDA graph", "ms": ms}


def _replayed(replay: Callable[[], None], count: int) -> None:
    for _ in range(count):
        replay()
    _synchronize()


def large(quick: bool) -> Iterator[Figure]:
    """A full-batch step with its evaluation, width 32, K = 10: milliseconds and gigabytes in use,
    of the problem alone and at most."""
    from benchmarks.training import ours, problem
    from benchmarks.workloads import load

    name = "power-law-1e4" if quick else "power-law-1e6"
    w = load(name)
    wide = w._replace(classes=32, settings=w.settings | {"hidden": 32})
    data = problem(wide, "auto")
    jax.block_until_ready(data)
    alone = _memory("bytes_in_use")
    few, many = (partial(ours, wide, data, count, 1) for count in (5, 25))
    few(), many()  # compile
    seconds = (many().seconds["train"] - few().seconds["train"]) / 20
    memory = {"problem_gb": alone, "peak_gb": _memory("peak_bytes_in_use")}
    yield {"graph": name, "side": "ours", "ms": 1e3 * seconds, **memory}


def outgrown(quick: bool) -> Iterator[Figure]:
    """Full-batch steps on the shape of ogbn-products, K = 10, 47 columns: seconds of one with its
    evaluation, and gigabytes in use at most."""
    from benchmarks.training import ours
    from benchmarks.workloads import load
    from longnn.models.features import as_features
    from longnn.operators import normalized_adjacency
    from longnn.training import Problem

    w = load("products-1e4" if quick else "products-2449029")
    entries = 2 * w.graph.num_edges
    yield {"nodes": w.graph.num_nodes, "entries": entries, "features": w.features.shape[1]}
    features = as_features(w.features.toarray())
    data = Problem(normalized_adjacency(w.graph), features, jnp.asarray(w.labels, jnp.int32))
    few, many = (partial(ours, w, data, count, 1) for count in (2, 7))
    few(), many()  # compile
    seconds = median(many().seconds["train"] - few().seconds["train"] for _ in range(3)) / 5
    yield {"side": "ours", "s": seconds, "peak_gb": _memory("peak_bytes_in_use")}


def outgrown_peer(quick: bool) -> Iterator[Figure]:
    """The same in PyTorch, of CSR products with a fused adjoint."""
    import torch

    from benchmarks.training import peer
    from benchmarks.workloads import load

    _torch_device()
    w = load("products-1e4" if quick else "products-2449029")
    p = peer("torch csr, dense features", w)
    p.use_split(w.train[0], w.val[0])

    def step() -> None:
        p.step()
        p.evaluate()
        _synchronize()

    seconds = _median(step, 3)
    peak = torch.cuda.max_memory_allocated() / 1e9 if _cuda() else 0.0
    yield {"side": "torch csr", "s": seconds, "peak_gb": peak}


def _memory(name: str) -> float:
    return (jax.devices()[0].memory_stats() or {}).get(name, 0) / 1e9


def launches(quick: bool) -> Iterator[Figure]:
    """Kernels and copies that the device ran, from the profiler's trace: in a sweep of ten steps,
    in its backward pass, in an epoch of ten runs. ``benchmarks.launches`` counts without one."""
    from benchmarks.training import ours, problem
    from benchmarks.workloads import load

    w = load("cora")
    data = problem(w, "auto")
    for what, work in _sweeps(data.operator, w.graph.num_nodes, 70).items():
        yield {"graph": "cora", "program": what, **launched(work)}
    few, many = (launched(partial(ours, w, data, count, 10)) for count in (5, 25))
    each = {name: (many[name] - few[name]) / 20 for name in few}
    yield {"graph": "cora", "program": "epoch of 10 runs", **each}


def _sweeps(operator: Any, nodes: int, width: int) -> dict[str, Callable[[], Any]]:
    """A filter of ten steps, and its backward pass."""
    basis, rng = polybases.jacobi(10, 0.5, -0.25), np.random.default_rng(0)
    forward = jax.jit(lambda S, theta, x: longnn.filter(S, basis, theta, x))
    backward = jax.jit(lambda S, *given: jax.vjp(partial(forward, S), *given[:2])[1](given[2]))
    theta, x = (jnp.asarray(rng.normal(size=(n, width)), jnp.float32) for n in (11, nodes))
    return {
        "sweep forward": partial(forward, operator, theta, x),
        "sweep backward": partial(backward, operator, theta, x, x),
    }


def pallas(quick: bool) -> Iterator[Figure]:
    """The prototype of ``benchmarks.pallas_rows`` beside ``segment_sum``: milliseconds of a product
    and of ten steps, and how far the results are apart, relative to the largest number."""
    from benchmarks.pallas_rows import PallasSweeps, pallas_rows
    from benchmarks.workloads import load
    from longnn.operators import normalized_adjacency

    blocks = [(16, 32)] if quick else [(8, 32), (16, 32), (16, 64)]
    for name in ["power-law-100"] if quick else ["squirrel", "cornell5", "power-law-1e6"]:
        graph = load(name).graph
        plain = normalized_adjacency(graph, backend="segment_sum")
        build = partial(pallas_rows, plain, interpret=jax.default_backend() == "cpu")
        kernels = {f"{e} x {c}": PallasSweeps(build(entries=e, lanes=c)) for e, c in blocks}
        for width in (32,) if quick else (32, 70, 320):
            exact = None
            for side, operator in {"segment_sum": plain, **kernels}.items():
                ms = 1e3 * _product_seconds(operator, graph.num_nodes, width, 2 if quick else 50)
                figure = {"graph": name, "width": width, "side": side, "product ms": ms}
                sweeps = _sweeps(operator, graph.num_nodes, width)
                for what, work in sweeps.items():
                    seconds = _median(lambda w=work: jax.block_until_ready(w()))  # type: ignore[misc]
                    figure[f"{what} ms"] = 1e3 * seconds
                found = jax.tree.leaves(jax.device_get([work() for work in sweeps.values()]))
                exact = found if exact is None else exact
                yield figure | {"apart": max(map(_apart, found, exact))}


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / np.abs(other).max())


def tests(quick: bool) -> Iterator[Figure]:
    """The fast tests that say something of the device, in four processes."""
    words = ["tests/longnn/operators/test_similar.py"] if quick else ["tests"]
    words += ["-m", "device and not slow", "-q", "-n", "1" if quick else "4", "-rf"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        check=False, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    last = lines[-1] if lines else done.stderr[-500:]
    yield {"tests": last, "failed": failed, "s": time.perf_counter() - began}


def command(quick: bool) -> Iterator[Figure]:
    """Seconds of the whole command, without and with a cache of compiled programs."""
    for dataset in ["csbm"] if quick else ["csbm", "cora"]:
        with tempfile.TemporaryDirectory() as folder:
            words = [f"dataset={dataset}", f"compilation_cache={folder}/cache", "force=true"]
            for state in ("cold", "warm", "warm"):
                began = time.perf_counter()
                run = [sys.executable, "-m", "longnn.experiments.train", *words]
                where = f"hydra.run.dir={folder}/{state}"
                subprocess.run([*run, where], check=True, stdout=subprocess.DEVNULL)
                yield {"dataset": dataset, "cache": state, "s": time.perf_counter() - began}


PARTS = {
    f.__name__: f
    for f in (
        environment,
        epochs,
        launches,
        products,
        pallas,
        peers,
        large,
        outgrown,
        outgrown_peer,
        search,
        command,
        tests,
    )
}


def _median(work: Callable[[], Any], repeats: int = 5) -> float:
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def _cuda() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def _torch_device() -> None:
    import torch

    torch.set_default_device("cuda" if _cuda() else "cpu")


def _synchronize() -> None:
    import torch

    if _cuda():
        torch.cuda.synchronize()


def main() -> None:
    """Runs each part in a process of its own, or one part in this process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="small graphs and few repeats")
    parser.add_argument("--inner", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        for figure in PARTS[options.inner](options.quick):
            print(json.dumps({"part": options.inner, **figure}), flush=True)
        return
    failed = False
    # the two libraries share the memory of the device
    settings = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    for part in options.part:
        words = [sys.executable, "-m", "benchmarks.gpu", "--inner", part]
        words += ["--quick"] if options.quick else []
        # CUDA graphs launch many kernels at once; here they are counted one by one
        flags = {"XLA_FLAGS": "--xla_gpu_enable_command_buffer="} if part == "launches" else {}
        done = subprocess.run(
            words, env=settings | flags, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            failed = True
            print(json.dumps({"part": part, "error": done.stderr[-1500:]}), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
