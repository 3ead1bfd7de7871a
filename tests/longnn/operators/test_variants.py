"""Every kind of processor that the kernels are compiled for, by both compilers, against numpy.

The kernels run in a program of their own (harness.cc), which takes the place of XLA's custom call:
so a variant is tested without being loaded, that for aarch64 under an emulator.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.graphs.graph import Graph
from longnn.models import native_layers
from longnn.operators.native import NativeOperator, native_operator, native_rows
from longnn.operators.native.library import SOURCES
from longnn.operators.native.variants import variants_here
from polybases import jacobi
from tests.longnn.operators.test_native import basis_of
from tests.longnn.operators.test_precision import pairs, partner, rounded, signals_to_round
from tests.oracles import dense_adjacency, dense_normalized

HARNESS = Path(__file__).with_name("harness.cc")
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-psabi")
SANITIZED = os.environ.get("LONGNN_SANITIZE") == "1"
"""Whether undefined behaviour and accesses beyond an array end the program: make sanitize."""
CHECKS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


class Machine(NamedTuple):
    """A compiler, what it is told, and what runs the program."""

    compiler: str
    flags: tuple[str, ...] = ()
    emulator: tuple[str, ...] = ()


HERE = variants_here()
MACHINES = {
    **{f"g++ {variant.name}": Machine("g++", variant.flags) for variant in HERE},
    f"clang++ {HERE[0].name}": Machine("clang++", HERE[0].flags),
}
if not SANITIZED:  # whose library knows neither the emulator nor static programs
    MACHINES["aarch64"] = Machine("aarch64-linux-gnu-g++", ("-static",), ("qemu-aarch64",))


@pytest.fixture(scope="module", params=MACHINES)
def program(request, tmp_path_factory) -> list[str]:
    """The words that start the harness of one machine; a tool that is missing is a failure."""
    machine = MACHINES[request.param]
    for tool in (machine.compiler, *machine.emulator):
        assert shutil.which(tool), (
            f"{tool} is needed (Debian: clang, g++-aarch64-linux-gnu, qemu-user)"
        )
    built = tmp_path_factory.mktemp("harness") / "harness"
    checks = CHECKS if SANITIZED else ()
    words = ["-O2", "-std=c++17", "-pthread", *WARNINGS, *checks, *machine.flags, f"-I{SOURCES}"]
    subprocess.run([machine.compiler, *words, str(HARNESS), "-o", str(built)], check=True)
    return [*machine.emulator, str(built)]


@pytest.fixture
def kernels(program, monkeypatch, tmp_path):
    """Custom calls go to the harness."""

    def ffi_call(name: str, results, **_) -> Callable:
        single = isinstance(results, jax.ShapeDtypeStruct)
        shapes = [results] if single else list(results)

        def call(*operands):
            made = run(program, name.removeprefix("longnn_"), operands, shapes, tmp_path)
            return made[0] if single else made

        return call

    monkeypatch.setattr(jax.ffi, "ffi_call", ffi_call)


def run(
    program: Sequence[str],
    target: str,
    operands: Sequence[jax.Array],
    results: Sequence[jax.ShapeDtypeStruct],
    folder: Path,
) -> list[jax.Array]:
    """Results of one custom call that the harness makes."""
    with (folder / "in").open("wb") as file:
        for array in map(np.asarray, operands):
            file.write(np.int64([array.dtype.itemsize, array.ndim, *array.shape]).tobytes())
            file.write(np.ascontiguousarray(array).tobytes())
        for result in results:
            file.write(np.int64([0, len(result.shape), *result.shape]).tobytes())
    subprocess.run([*program, target, folder / "in", folder / "out"], check=True, timeout=120)
    numbers = np.frombuffer((folder / "out").read_bytes(), results[0].dtype)
    sizes = np.cumsum([np.prod(result.shape, dtype=int) for result in results])
    parts = np.split(numbers, sizes)
    assert len(parts[-1]) == 0
    return [jnp.asarray(p.reshape(r.shape)) for p, r in zip(parts, results, strict=False)]


def close(got, expected, kind) -> None:
    """For mixed precision see test_precision.py; an entry alone may be off by a few roundings."""
    tolerance = {"float64": 1e-12, "float32": 3e-5, "mixed": 2**-6}[kind]
    np.testing.assert_allclose(got, expected, atol=tolerance * max(np.abs(expected).max(), 1))


def made(graph: Graph, kind: str) -> tuple[NativeOperator, np.dtype]:
    """S, whose kernels end in ``kind``, and the type of its signals."""
    mixed = kind == "mixed"
    dtype = np.dtype(np.float32 if mixed else kind)
    return native_operator(graph, dtype, precision="mixed" if mixed else "full"), dtype


WIDTHS = [1, 2, 7, 19, 50]
"""Halves of vectors, vectors and panels of every variant, and what is left over."""

pytestmark = pytest.mark.slow
both_types = pytest.mark.parametrize("dtype", ["float32", "float64"])
all_kinds = pytest.mark.parametrize("kind", ["float32", "float64", "mixed"])


@all_kinds
@pytest.mark.parametrize("weighted", [False, True])
def test_products_and_filters(kernels, kind, weighted):
    rng = np.random.default_rng(5)
    edges = np.concatenate([rng.integers(0, 90, (150, 2)), [[0, i] for i in range(20, 80)]])
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], 1), axis=0)
    weights = rng.uniform(0.5, 2, len(edges)) if weighted else None
    S = dense_normalized(dense_adjacency(edges, 95, weights))
    operator, dtype = made(Graph.from_edges(edges, 95, weights), kind)
    for width in WIDTHS:
        basis = jacobi(4, *jnp.asarray(rng.uniform(-0.9, 2, (2, width)), dtype))
        theta, x, g = (rng.normal(size=(rows, width)).astype(dtype) for rows in (5, 95, 95))
        close(operator.multiply(jnp.asarray(x)), S @ x, kind)
        terms = basis_of(basis, S, x)
        exact = sum(t * p for t, p in zip(theta, terms, strict=True))
        close(operator.filter_sum(basis, jnp.asarray(theta), jnp.asarray(x)), exact, kind)
        dtheta, dx = operator.filter_adjoint(basis, *map(jnp.asarray, (theta, x, g)))
        close(dtheta, [(p * g).sum(0) for p in terms], kind)
        exact = sum(t * p for t, p in zip(theta, basis_of(basis, S, g), strict=True))
        close(dx, exact, kind)


@all_kinds
def test_far_panels(kernels, kind):
    """Graphs on the two sides of each bound of the caches: other panels, other readings."""
    rng = np.random.default_rng(6)
    for nodes in (13_000, 26_000, 49_151, 49_152, 60_000):
        edges = (nodes * rng.random((nodes, 2)) ** 2).astype(np.int64)
        operator, dtype = made(Graph.from_edges(edges, nodes), kind)
        ones = np.ones((nodes, 3), dtype)
        root = np.zeros((nodes, 1))
        root[operator.node_of_row, 0] = np.where(operator.inverse_degree > 0, operator.root, 0)
        x = jnp.asarray(root * ones, dtype)  # sqrt(degree), which S keeps
        close(operator.multiply(x), x, kind)
        basis = jacobi(2, *jnp.zeros((2, 3), dtype))
        p = np.asarray(basis_of(basis, np.eye(1), np.ones((1, 3))))  # at the eigenvalue 1
        theta = rng.normal(size=(3, 3)).astype(dtype)
        close(operator.filter_sum(basis, jnp.asarray(theta), x), (theta * p[:, 0]).sum(0) * x, kind)


def test_rounding(kernels):
    """Joined in pairs, nodes read each other: to nearest, ties to even; infinity and NaN stay."""
    x = signals_to_round()
    operator, _ = made(pairs(len(x)), "mixed")
    np.testing.assert_array_equal(operator.multiply(jnp.asarray(x)), rounded(x)[partner(len(x))])


@both_types
def test_lanczos(kernels, dtype):
    """In the vectors of the signal itself: y and derivatives of a polynomial of S of degree 2."""
    rng = np.random.default_rng(7)
    edges = np.unique(np.sort(rng.integers(0, 60, (200, 2)), 1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    S = dense_normalized(dense_adjacency(edges, 60))
    operator = native_operator(Graph.from_edges(edges, 60), dtype)
    for width in (1, 19):
        theta, x, g = (rng.normal(size=(rows, width)).astype(dtype) for rows in (3, 60, 60))
        value = jax.vmap(lambda theta, x: lanczos_of(S, theta, x), (1, 1), 1)
        exact, pullback = jax.vjp(value, *(jnp.asarray(a, jnp.float64) for a in (theta, x)))
        close(operator.lanczos_sum(jnp.asarray(theta), jnp.asarray(x)), exact, dtype)
        got = operator.lanczos_adjoint(*map(jnp.asarray, (theta, x, g)))
        for one, other in zip(got, pullback(jnp.asarray(g, jnp.float64)), strict=True):
            close(one, other, dtype)


def lanczos_of(S: np.ndarray, theta, x):
    """sum_k theta_k v_k of one signal, v the orthonormal Krylov vectors, by Gram-Schmidt."""
    vectors = [x / jnp.linalg.norm(x)]
    for _ in range(len(theta) - 1):
        v = S @ vectors[-1]
        for u in vectors[-2:]:
            v = v - (u @ v) * u
        vectors.append(v / jnp.linalg.norm(v))
    return sum(t * v for t, v in zip(theta, vectors, strict=True))


@both_types
@pytest.mark.parametrize("width", WIDTHS)
def test_rectangular_products(kernels, dtype, width):
    rng = np.random.default_rng(width)
    rows, columns = rng.integers(0, 30, 80), rng.integers(0, 20, 80)
    pattern = native_rows(rows, columns, (30, 20))
    for members in ((3, 3), (1, 3), (3, 1)):
        values = rng.normal(size=(members[0], 80)).astype(dtype)
        x = rng.normal(size=(members[1], 20, width)).astype(dtype)
        dense = np.zeros((members[0], 30, 20))
        for b in range(members[0]):
            np.add.at(dense[b], (rows, columns), values[b])
        close(pattern.sum_members(jnp.asarray(values), jnp.asarray(x)), dense @ x, dtype)


@both_types
@pytest.mark.parametrize(("hidden", "classes"), [(20, 3), (37, 40), (64, 7)])
def test_two_layers(kernels, dtype, hidden, classes):
    rng = np.random.default_rng(hidden)
    rows, columns = rng.integers(0, 50, 200), rng.integers(0, 30, 200)
    values = rng.normal(size=200).astype(dtype)
    X = np.zeros((50, 30))
    np.add.at(X, (rows, columns), values)
    W, b, V = (
        rng.normal(size=s).astype(dtype) for s in ((30, hidden), (hidden,), (hidden, classes))
    )
    none = native_layers.Kept(jnp.zeros((1, 0), jnp.uint32), jnp.zeros(1, jnp.uint32), jnp.ones(1))
    operands = [jnp.asarray(a[None]) for a in (values, W, b, V)]
    kept = none._replace(scale=none.scale.astype(dtype))
    pattern = native_rows(rows, columns, (50, 30))
    h, z = native_layers._call(pattern, *operands, kept, keep_hidden=True)
    exact = np.maximum(X @ W + b, 0)
    close(h[0], exact, dtype)
    close(z[0], exact @ V, dtype)
    g = rng.normal(size=(50, classes)).astype(dtype)
    got = native_layers._call_adjoint(h, operands[3], kept.scale, jnp.asarray(g[None]))
    before = np.where(exact > 0, g @ V.T, 0)
    for one, other in zip(got, (before, exact.T @ g, before.sum(0)), strict=True):
        close(one[0], other, dtype)
