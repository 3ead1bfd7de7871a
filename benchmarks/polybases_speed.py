"""Time of values, Gauss rules and connection matrices, beside orthax and scipy.

    python -m benchmarks.polybases_speed [--quick]

One process; compiled and warm; the libraries take turns within each repeat. The first call, which
compiles, has columns of its own.
"""

import argparse
import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import Any

import jax
import numpy as np
import scipy.special
from rich.console import Console
from rich.progress import track

import polybases
from benchmarks.libraries import by_orthax, by_scipy, compiled, gauss_orthax, gauss_ours, ours

ALPHA, BETA = 0.7, -0.2
REPEATS = 7
MIN_SECONDS = 0.02
HEADER = (
    "| task | dtype | polybases | orthax | scipy | ratio to the faster peer "
    "| first call, polybases | first call, orthax |\n|---|---|---|---|---|---|---|---|"
)
Calls = dict[str, Callable[[], Any]]


def evaluate_calls(dtype: str, order: int, count: int) -> Calls:
    """Values of all degrees up to ``order`` at ``count`` random points."""
    x = np.random.default_rng(0).uniform(-1, 1, count).astype(dtype)
    arguments = _exponents(dtype), jax.numpy.asarray(x)
    calls = {
        name: _jax_call(function, order, *arguments[0], arguments[1])
        for name, function in (("polybases", ours), ("orthax", by_orthax))
    }
    if dtype == "float64":
        calls["scipy"] = lambda: by_scipy(order, ALPHA, BETA, x)
    return calls


def gauss_calls(dtype: str, order: int) -> Calls:
    """Gauss-Jacobi nodes and weights."""
    calls = {
        name: _jax_call(function, order, *_exponents(dtype))
        for name, function in (("polybases", gauss_ours), ("orthax", gauss_orthax))
    }
    if dtype == "float64":
        calls["scipy"] = lambda: scipy.special.roots_jacobi(order, ALPHA, BETA)
    return calls


def connection_calls(dtype: str, order: int) -> Calls:
    """Jacobi(alpha, beta) in Jacobi(beta, alpha); no peer has it."""
    return {"polybases": _jax_call(_connection, order, *_exponents(dtype))}


def measure(calls: Calls, repeats: int, min_seconds: float = MIN_SECONDS) -> dict[str, float]:
    """Median seconds of each call over interleaved repeats, each a mean over >= min_seconds."""
    loops = {name: _warm(call, min_seconds) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = perf_counter()
            for _ in range(loops[name]):
                call()
            times[name].append((perf_counter() - start) / loops[name])
    return {name: median(values) for name, values in times.items()}


def first_calls(calls: Calls) -> dict[str, float]:
    """Seconds of the first call of each, which compiles."""
    seconds = {}
    for name, call in calls.items():
        start = perf_counter()
        call()
        seconds[name] = perf_counter() - start
    return seconds


def row(task: str, dtype: str, seconds: dict[str, float], first: dict[str, float]) -> str:
    """One line of the table.

    Args:
        task, dtype: what it is about.
        seconds: of a warm call of each library.
        first: seconds of its first call.
    """
    cells = [_milliseconds(seconds.get(name)) for name in ("polybases", "orthax", "scipy")]
    peers = [value for name, value in seconds.items() if name != "polybases"]
    ratio = f"{seconds['polybases'] / min(peers):.2f}" if peers else "-"
    compiling = [f"{first[n]:.2g} s" if n in first else "-" for n in ("polybases", "orthax")]
    return f"| {' | '.join([task, dtype, *cells, ratio, *compiling])} |"


def table(
    repeats: int = REPEATS,
    points: int = 10**6,
    orders: Sequence[int] = (32, 64, 64),
    min_seconds: float = MIN_SECONDS,
) -> list[str]:
    """The lines below the header: three tasks in two dtypes.

    Args:
        repeats: of each call.
        points: of the evaluation.
        orders: of the evaluation, the Gauss rule and the connection.
        min_seconds: shortest time measured at once.
    """
    k, n, c = orders
    tasks: dict[str, Callable[[str], Calls]] = {
        f"evaluate, K = {k}, {points:.0e} points": lambda d: evaluate_calls(d, k, points),
        f"Gauss rule, n = {n}": lambda d: gauss_calls(d, n),
        f"connection, K = {c}": lambda d: connection_calls(d, c),
    }
    jobs = [(task, dtype) for task in tasks for dtype in ("float64", "float32")]
    lines = []
    for task, dtype in track(jobs, "timing", console=Console(stderr=True)):
        with jax.enable_x64(dtype == "float64"):
            calls = tasks[task](dtype)
            first = first_calls(calls)
            lines.append(row(task, dtype, measure(calls, repeats, min_seconds), first))
    return lines


def _exponents(dtype: str) -> tuple[jax.Array, jax.Array]:
    return jax.numpy.asarray(ALPHA, dtype), jax.numpy.asarray(BETA, dtype)


def _connection(order: int, alpha: jax.Array, beta: jax.Array) -> jax.Array:
    anchor = polybases.jacobi(order, beta, alpha)
    return polybases.connection(polybases.jacobi(order, alpha, beta), anchor)


def _jax_call(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(compiled(function)(*arguments))


def _warm(call: Callable[[], Any], min_seconds: float) -> int:
    """Compiles, then gives the number of calls that fill ``min_seconds``."""
    call()
    start = perf_counter()
    call()
    return max(1, int(min_seconds / (perf_counter() - start)))


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1e3 * seconds:.3g} ms"


def main() -> None:
    """Prints the table and what it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1e4 points, 3 repeats")
    quick = parser.parse_args().quick
    before = os.getloadavg()[0]
    lines = table(3, 10**4) if quick else table()
    print(HEADER, *lines, sep="\n")
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "orthax", "scipy"))
    print(
        f"\nMedians of {3 if quick else REPEATS} interleaved repeats, compiled and warm. polybases "
        f"{polybases.__version__}, {versions}, Python {platform.python_version()}, "
        f"{os.cpu_count()} CPU cores, load {before:.1f} at the start."
    )


if __name__ == "__main__":
    main()
