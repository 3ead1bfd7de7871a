"""Kernels that one NVIDIA H100 would launch, counted in XLA's program for it; no GPU is needed.

    pip install "jax[cuda12]"        # the compiler for GPUs, for the version of jax that is here
    JAX_PLATFORMS=cpu python -m benchmarks.launches

Prints a JSON line for each program: its kernels (fusions, calls of libraries, operations alone) and
copies, where a loop counts as often as it turns; the bytes of its arguments and of what it holds
beside them; the seconds of compiling. On a GPU it may differ a little, because kernels are not
tuned here (``xla_gpu_autotune_level=0``). Graphs are random ones, of the sizes that are printed.
``--program "pallas sweeps"`` and the like, of ``benchmarks.pallas_rows``, are not among those that
run by themselves: jax after 0.10.2 asks for a GPU to compile a Pallas kernel.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import topologies
from scipy import sparse

import longnn
import polybases
from benchmarks.pallas_rows import PallasSweeps, pallas_rows
from longnn.data.splits import Splits
from longnn.graphs.graph import Graph
from longnn.models import LonGNN
from longnn.models.features import as_features
from longnn.operators.normalized import normalized_adjacency
from longnn.training import Optim
from longnn.training.batch import Batch, make_batch
from longnn.training.builder import Trial
from longnn.training.loop import Problem, run_chunk

H100 = """
gpu_device_info {
  cuda_compute_capability { major: 9 feature_extension: ACCELERATED_FEATURES }
  name: "NVIDIA H100 80GB HBM3" device_vendor: "NVIDIA Corporation"
  driver_version: "13.0.0" runtime_version: "12.8.0" compile_time_toolkit_version: "12.8.0"
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98 threads_per_warp: 32
  threads_per_block_limit: 1024 threads_per_core_limit: 2048
  thread_dim_limit_x: 1024 thread_dim_limit_y: 1024 thread_dim_limit_z: 64
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  shared_memory_per_block: 49152 shared_memory_per_core: 233472
  shared_memory_per_block_optin: 232448 l2_cache_size: 52428800
  device_memory_size: 84942979072 memory_bandwidth: 3352320000000 device_address_bits: 64
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 10 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""
"""What XLA's compiler asks of a device, for one H100 SXM."""

NOTHING = frozenset(
    [
        "parameter",
        "constant",
        "tuple",
        "get-tuple-element",
        "bitcast",
        "after-all",
        "opt-barrier",
        "copy-done",
        "async-done",
        "async-update",
    ]
)


class Count(NamedTuple):
    """What a program launches."""

    kernels: int = 0
    copies: int = 0

    def and_(self, other: "Count", turns: int = 1) -> "Count":
        """Both, the other so many times."""
        return Count(self.kernels + turns * other.kernels, self.copies + turns * other.copies)


def count(text: str) -> Count:
    """The kernels and copies of a compiled program, from its HLO text.

    Args:
        text: of an optimised module, as ``compiled.as_text()`` gives it.

    Raises:
        ValueError: for a loop whose number of turns XLA does not know.
    """
    computations, entry = _computations(text)
    return _of(computations, entry)


def _computations(text: str) -> tuple[dict[str, list[str]], str]:
    found: dict[str, list[str]] = {}
    entry = name = ""
    for line in text.splitlines():
        if match := re.match(r"(ENTRY )?%(\S+) \(.*\{$", line):
            name = match[2]
            entry = name if match[1] else entry
            found[name] = []
        elif line.startswith("  ") and " = " in line:
            found[name].append(line)
    return found, entry


def _of(computations: dict[str, list[str]], name: str) -> Count:
    total = Count()
    for line in computations[name]:
        right = re.sub(r"/\*.*?\*/", "", line.split(" = ", 1)[1])
        match = re.match(r"(?:\(.*?\)|\S+) ([\w-]+)\(", right)
        assert match, line
        called = re.search(r"(?:calls|to_apply|body)=%([\w.-]+)", line)
        if match[1] in ("while", "call", "async-start") and called:
            turns = _turns(line) if match[1] == "while" else 1
            total = total.and_(_of(computations, called[1]), turns)
        elif match[1] not in NOTHING:
            copy = match[1] in ("copy", "copy-start")
            total = total.and_(Count(int(not copy), int(copy)))
    return total


def _turns(line: str) -> int:
    known = re.search(r'"known_trip_count":\{"n":"(\d+)"\}', line)
    if known is None:
        raise ValueError(f"a loop whose number of turns XLA does not know: {line.strip()[:200]}")
    return int(known[1])


def compiled(function: Callable[..., Any], *arguments: Any) -> jax.stages.Compiled:
    """The function compiled for one H100.

    Args:
        function: of arrays alone; give others by ``partial``.
        arguments: pytrees of arrays, or of their shapes.

    Raises:
        SystemExit: without jax's plugin for CUDA.
    """
    try:
        device = topologies.get_topology_desc(
            "h100", "cuda", target_config=H100, topology="1x1x1"
        ).devices[0]
    except NotImplementedError:
        raise SystemExit('no compiler for GPUs here: pip install "jax[cuda12]"') from None
    there = jax.sharding.SingleDeviceSharding(device)
    shaped = partial(jax.ShapeDtypeStruct, sharding=there)
    shapes = jax.tree.map(lambda a: shaped(a.shape, a.dtype), arguments)
    lowered = jax.jit(function).lower(*shapes)
    return lowered.compile(compiler_options={"xla_gpu_autotune_level": 0})


class Size(NamedTuple):
    """Of a random problem."""

    nodes: int
    edges: int
    features: int
    entries: int  # of the features
    classes: int


CORA = Size(2_708, 5_278, 1_433, 49_216, 7)
SQUIRREL = Size(5_201, 198_353, 2_089, 172_000, 5)
LARGE = Size(1_000_000, 10_000_000, 500, 10_000_000, 32)
RATES = {
    group: {"lr": 0.01, "weight_decay": 5e-4}
    for group in ("mlp", "decomposition", "coefficients", "basis")
}
SETTINGS = {"order": 10, "alpha": 0.5, "beta": -0.25, "dropout": 0.5, "filter_dropout": 0.2}


def problem(size: Size) -> Problem:
    """A random one, with operator and features as they are built where a GPU is."""
    rng = np.random.default_rng(0)
    graph = Graph.from_edges(rng.integers(0, size.nodes, (size.edges, 2)), size.nodes)
    place = rng.integers(0, size.nodes, size.entries), rng.integers(0, size.features, size.entries)
    shape = size.nodes, size.features
    matrix = sparse.coo_array((np.ones(size.entries, np.float32), place), shape)
    labels = rng.integers(0, size.classes, size.nodes, np.int32)
    with mock.patch("jax.default_backend", return_value="gpu"):
        return Problem(normalized_adjacency(graph), as_features(matrix), labels)


def in_one_launch(operator: Any) -> PallasSweeps:
    """The same S with a kernel of our own for each step."""
    return PallasSweeps(pallas_rows(operator))


def sweeps(
    size: Size, width: int = 70, change: Callable[[Any], Any] = lambda operator: operator
) -> Iterator[tuple[str, jax.stages.Compiled, int]]:
    """A filter of ten steps, and its backward pass."""
    operator, recurrence = change(problem(size).operator), polybases.jacobi(10, 0.5, -0.25)
    theta, x = (jax.ShapeDtypeStruct((n, width), jnp.float32) for n in (11, size.nodes))

    def forward(operator: Any, theta: Any, x: Any) -> Any:
        return longnn.filter(operator, recurrence, theta, x)

    def backward(operator: Any, theta: Any, x: Any, g: Any) -> Any:
        return jax.vjp(partial(forward, operator), theta, x)[1](g)

    yield "sweep forward", compiled(forward, operator, theta, x), 1
    yield "sweep backward", compiled(backward, operator, theta, x, x), 1


def epochs(
    size: Size,
    hidden: int = 64,
    runs: tuple[int, ...] = (1, 10),
    change: Callable[[Any], Any] = lambda operator: operator,
) -> Iterator[tuple[str, jax.stages.Compiled, int]]:
    """An epoch with its evaluation, of one run and of ten together."""
    data, length = problem(size), 10
    data = data._replace(operator=change(data.operator))
    part = np.random.default_rng(0).integers(0, 3, (max(runs), size.nodes))
    trial = Trial(SETTINGS | {"hidden": hidden}, Optim(RATES))
    splits = Splits("benchmark", part)
    batch: Batch = make_batch(LonGNN, data, splits, size.classes, [trial], "accuracy")
    chunk = partial(run_chunk, batch.program, length=length)
    for count_of_runs in runs:
        program = compiled(chunk, *batch.shapes(count_of_runs), data)
        yield f"epoch of {count_of_runs} runs", program, length


PROGRAMS = {
    "sweeps": partial(sweeps, CORA),
    "cora": partial(epochs, CORA),
    "squirrel": partial(epochs, SQUIRREL),
    "large": partial(epochs, LARGE, 32, (1,)),
    "pallas rows": partial(sweeps, CORA, change=pallas_rows),
    "pallas sweeps": partial(sweeps, CORA, change=in_one_launch),
    "pallas cora": partial(epochs, CORA, change=in_one_launch),
}


def figures(program: jax.stages.Compiled, turns: int) -> dict[str, float]:
    """Kernels and copies of one of so many turns, and megabytes."""
    found, memory = count(program.as_text()), program.memory_analysis()
    return {
        "kernels": round(found.kernels / turns, 1),
        "copies": round(found.copies / turns, 1),
        "arguments_mb": round(memory.argument_size_in_bytes / 1e6, 2),
        "temporary_mb": round(memory.temp_size_in_bytes / 1e6, 2),
    }


def main() -> None:
    """Prints a line for each program of those that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", choices=PROGRAMS, nargs="+", default=list(PROGRAMS)[:4])
    for name in parser.parse_args().program:
        began = time.perf_counter()
        for what, program, turns in PROGRAMS[name]():
            seconds = round(time.perf_counter() - began, 1)
            line = {"graph": name, "program": what, **figures(program, turns), "seconds": seconds}
            print(json.dumps(line), flush=True)
            began = time.perf_counter()


if __name__ == "__main__":
    main()
