"""The native kernels as an option: found, refused, built, and the same numbers where used."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse
from flax import nnx

from longnn.doctor import report
from longnn.graphs.graph import Graph
from longnn.models import MLP
from longnn.models.features import as_features
from longnn.operators import choice, choose, measured, normalized_adjacency
from longnn.operators.native import build, library, native_rows, status, variants
from longnn.operators.native.operator import NEAR
from polybases import jacobi, weighted_sum
from tests.oracles import dense_adjacency, dense_normalized

ACTIVE = status().active
SLOW = pytest.mark.slow
needs_kernels = pytest.mark.skipif(not ACTIVE, reason=status().reason)


@pytest.fixture
def fresh():
    """``status`` looks again, before and after."""
    library.status.cache_clear()
    yield
    library.status.cache_clear()


def test_kernels_are_used_where_a_compiler_is():
    assert status().active == (build.find_compiler() is not None), status().reason


def test_switched_off(monkeypatch, fresh):
    monkeypatch.setenv("LONGNN_NATIVE", "0")
    assert status() == (False, "switched off by LONGNN_NATIVE=0", None)
    assert choose("auto") == "csr"
    with pytest.raises(
        ValueError, match="backend 'native' needs the C\\+\\+ kernels: switched off"
    ):
        choose("native")
    assert ("native kernels", "not used: switched off by LONGNN_NATIVE=0") in report()


@pytest.fixture
def folder(monkeypatch, fresh, tmp_path):
    """Sources whose libraries are files that cannot be loaded, in a folder of their own."""
    monkeypatch.setattr(library, "SOURCES", tmp_path)
    (tmp_path / "float32.cc").write_text("")
    return tmp_path


def test_a_variant_by_name(monkeypatch, folder):
    """The one that is asked for is looked for, though a better one is built."""
    for variant in variants.variants_here():
        library.library_path(variant).write_text("")
    monkeypatch.setenv("LONGNN_NATIVE", "portable")
    assert "remove _kernels-portable-ffi" in status().reason


def test_an_unknown_variant(monkeypatch, fresh):
    monkeypatch.setenv("LONGNN_NATIVE", "v9")
    with pytest.raises(
        ValueError, match=r"LONGNN_NATIVE=v9 names no variant .* they are .*portable"
    ):
        status()


@pytest.mark.parametrize(
    ("made_with", "here", "works"),
    [
        ("0.3", "0.3", True),
        ("0.3", "0.5", True),
        ("0.9", "0.10", True),
        ("0.5", "0.3", False),
        ("0.3", "1.3", False),
        ("1.3", "0.3", False),
    ],
)
def test_versions_of_the_interface(made_with, here, works):
    assert (library.refusal(made_with, here) is None) == works


def test_the_library_that_jaxlib_can_run_is_taken(folder):
    """Of those that several versions of jax have built; alone, a newer one is refused."""
    best = variants.variants_here()[0]
    newer = library.library_path(best, "0.99")
    newer.write_text("")
    assert status().reason.startswith("built for version 0.99 of XLA's")
    assert status().reason.endswith("run longnn build")
    older = library.library_path(best, "0.0")
    older.write_text("")
    assert library.built_for(best) == [older, newer]


def test_not_built(folder):
    assert status().reason == "not built for this processor; run longnn build"


def test_file_that_is_no_library(folder):
    library.library_path(variants.variants_here()[0]).write_text("not a library")
    assert status().reason.startswith("cannot be loaded (")


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ("avx512f avx512bw avx512cd avx512dq avx512vl", ["v2", "portable"]),  # without AVX2
        ("fxsr sse sse2", ["portable"]),
    ],
)
def test_a_variant_needs_every_feature(monkeypatch, flags, names):
    found = frozenset(flags.split())
    if "v2" in names:
        found |= {"cx16", "lahf_lm", "popcnt", "ssse3", "sse4_1", "sse4_2"}
    monkeypatch.setattr(variants, "features", lambda: found)
    monkeypatch.setattr(variants.platform, "machine", lambda: "x86_64")
    assert [variant.name for variant in variants.variants_here()] == names


@pytest.mark.parametrize(("times", "winner"), [((1.0, 3.0), "native"), ((3.0, 1.0), "csr")])
def test_auto_takes_what_was_faster(monkeypatch, times, winner):
    """As on a processor where the kernels lose: it is said, and the other is taken."""
    loser = {"native": "csr", "csr": "native"}[winner]
    record = [
        measured.Times("operator", "product", *times),
        measured.Times("features", "X W", *times[::-1]),
    ]
    monkeypatch.setattr(measured, "recorded", lambda: record)
    monkeypatch.setattr(choice, "status", lambda: library.Status(True, "loaded"))
    measured.fastest.cache_clear()
    assert (choose("auto"), choose("auto", "features")) == (winner, loser)
    measured.fastest.cache_clear()
    assert measured.verdict().endswith(
        f"{winner} is taken for filters, 3.0 times as fast as {loser}, and "
        f"{loser} is taken for sparse features, 3.0 times as fast as {winner}"
    )


@needs_kernels
def test_times_are_kept_and_hold_for_one_library(monkeypatch, tmp_path):
    kept = tmp_path / "folder" / "measured.json"
    monkeypatch.setattr(measured, "_places", lambda: [Path("/proc/no/measured.json"), kept])
    assert measured.recorded() is None
    times = measured.measure()
    assert {time.part for time in times} == {"operator", "features"}
    assert min(min(time.native, time.csr) for time in times) > 0
    assert measured.recorded() == times
    subject = next(iter(json.loads(kept.read_text())))
    for other in ("[]", "{", json.dumps({subject: [1]}), json.dumps({subject: 1})):
        kept.write_text(other)
        assert measured.recorded() is None
    kept.write_text(json.dumps({f"another than {subject}": times}))
    measured._keep(times)
    assert measured.recorded() == times
    assert len(json.loads(kept.read_text())) == 2, "another processor's times are lost"


@pytest.mark.parametrize(
    ("compiler", "message"), [("no-such", "no C++ compiler"), ("false", "failed")]
)
def test_install_goes_on_without_a_working_compiler(
    monkeypatch, tmp_path, capsys, compiler, message
):
    monkeypatch.setenv("CXX", compiler)
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    build.main([])
    printed = "".join(capsys.readouterr())
    assert message in printed
    assert "pure JAX will be used" in printed
    assert list(tmp_path.iterdir()) == []


@needs_kernels
def test_build_again_says_up_to_date():
    command = [sys.executable, "-m", "longnn.operators.native.build"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "is up to date" in done.stdout
    assert "native kernels: active: built and loaded (_kernels-" in done.stdout
    assert "backend=auto: " in done.stdout


def case(width: int, order: int, weighted: bool, dtype):
    """A graph with a hub and isolated nodes, and everything a sweep takes."""
    rng = np.random.default_rng(width + order)
    edges = np.concatenate(
        [rng.integers(0, 90, (150, 2)), np.stack([np.zeros(60, int), np.arange(20, 80)], 1)]
    )
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], 1), axis=0)
    weights = rng.uniform(0.5, 2, len(edges)) if weighted else None
    S = dense_normalized(dense_adjacency(edges, 95, weights))
    operator = normalized_adjacency(
        Graph.from_edges(edges, 95, weights), backend="native", dtype=dtype
    )
    alpha, beta = (jnp.asarray(rng.uniform(-0.9, 2, width), dtype) for _ in range(2))
    theta = jnp.asarray(rng.normal(size=(order + 1, width)), dtype)
    x, g = (jnp.asarray(rng.normal(size=(95, width)), dtype) for _ in range(2))
    return operator, S.astype(dtype), jacobi(order, alpha, beta), theta, x, g


@needs_kernels
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("width", "order"),
    [
        (17, 6),
        *(pytest.param(*one, marks=SLOW) for one in [(1, 0), (5, 1), (16, 2), (50, 3), (70, 6)]),
    ],
)
def test_sweeps_equal_plain_recurrences(width, order, weighted, dtype):
    """Whole and partial panels; each column has a basis of its own."""
    operator, S, basis, theta, x, g = case(width, order, weighted, dtype)
    value = lambda theta, x: weighted_sum(basis, theta, lambda t: S @ t, x)  # noqa: E731
    exact, pullback = jax.vjp(value, theta, x)
    got = [operator.filter_sum(basis, theta, x), *operator.filter_adjoint(basis, theta, x, g)]
    tolerance = 1e-13 if dtype == np.float64 else 2e-5
    for one, other in zip(got, [exact, *pullback(g)], strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(one, other, atol=tolerance * np.abs(other).max())


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize("nodes", [30_000, 60_000])  # panels of one vector; hubs apart
@pytest.mark.parametrize("weighted", [False, True])
def test_beyond_the_nearest_caches(nodes, weighted):
    rng = np.random.default_rng(nodes)
    edges = (nodes * rng.random((4 * nodes, 2)) ** 2).astype(np.int64)
    graph = Graph.from_edges(edges, nodes, rng.uniform(0.5, 2, len(edges)) if weighted else None)
    operator = normalized_adjacency(graph, backend="native", dtype=np.float64)
    values = np.ones(len(graph.senders)) if graph.weights is None else graph.weights
    root = np.sqrt(np.maximum(graph.degrees(), 1e-300))
    S = scipy.sparse.csr_array(
        (values / root[graph.senders] / root[graph.receivers], (graph.receivers, graph.senders)),
        (nodes, nodes),
    )
    for width in (5, 40):  # sums in panels, and where they stay
        basis, theta = jacobi(6, jnp.zeros(width), jnp.ones(width)), rng.normal(size=(7, width))
        x, g = rng.normal(size=(2, nodes, width))
        np.testing.assert_allclose(operator.matvec(jnp.asarray(x)), S @ x, atol=1e-13)
        terms = [np.asarray(p) for p in basis_of(basis, S, g)]
        dtheta, dx = operator.filter_adjoint(basis, *map(jnp.asarray, (theta, x, g)))
        exact = sum(t * p for t, p in zip(theta, terms, strict=True))
        np.testing.assert_allclose(dx, exact, atol=1e-11)
        np.testing.assert_allclose(dtheta, [(p * x).sum(0) for p in terms], atol=1e-9)
        got = operator.filter_sum(basis, jnp.asarray(theta), jnp.asarray(g))
        np.testing.assert_allclose(got, exact, atol=1e-11)


@needs_kernels
def test_hubs_come_first():
    """Of a large graph, by falling degree; all other nodes keep their order."""
    nodes = NEAR + 1000
    hubs = nodes - 1 - np.arange(3)
    neighbours = [np.arange(count) for count in (30, 20, 10)]
    edges = np.stack([np.repeat(hubs, [30, 20, 10]), np.concatenate(neighbours)])
    order = normalized_adjacency(Graph.from_edges(edges.T, nodes), backend="native").node_of_row
    degree = np.bincount(edges.ravel(), minlength=nodes)[order]
    np.testing.assert_array_equal(order[:3], hubs)
    assert (np.diff(degree[:NEAR]) <= 0).all()
    assert (np.diff(order[NEAR:]) > 0).all()


def basis_of(recurrence, S, x: np.ndarray) -> list[np.ndarray]:
    """p_k(S) x, k = 0 .. K, for a scipy S: p_k+1 = ((S - d_k) p_k - l_k p_k-1) / u_k."""
    first, diagonal, upper, lower = (np.asarray(leaf) for leaf in recurrence[:4])
    terms = [first * x]
    for k in range(len(diagonal)):
        term = S @ terms[k] - diagonal[k] * terms[k]
        if k:
            term -= lower[k] * terms[k - 1]
        terms.append(term / upper[k])
    return terms


@needs_kernels
def test_sums_do_not_depend_on_the_threads():
    """Chunks are summed in order, so that a run repeats to the last bit."""
    operator, _, basis, theta, x, g = case(50, 6, False, np.float32)
    first = operator.filter_adjoint(basis, theta, x, g)
    for _ in range(20):
        for one, other in zip(first, operator.filter_adjoint(basis, theta, x, g), strict=True):
            np.testing.assert_array_equal(one, other)


@needs_kernels
@pytest.mark.parametrize("width", [1, 3, 16, 40, 64, 100])
def test_product_of_members(width):
    """Values per member or shared, signals per member or shared, entries in any order."""
    rng = np.random.default_rng(width)
    rows, columns = rng.integers(0, 30, 80), rng.integers(0, 20, 80)
    pattern = native_rows(rows, columns, (30, 20))
    for members in ((3, 3), (1, 3), (3, 1)):
        values = rng.normal(size=(members[0], 80)) * (rng.random((members[0], 80)) < 0.7)
        x = rng.normal(size=(members[1], 20, width))
        dense = np.zeros((members[0], 30, 20))
        for b in range(members[0]):
            np.add.at(dense[b], (rows, columns), values[b])
        got = pattern.sum_members(jnp.asarray(values), jnp.asarray(x))
        np.testing.assert_allclose(got, dense @ x, atol=1e-13)


@needs_kernels
def test_other_types_are_refused():
    operator = case(5, 1, False, np.float32)[0]
    with pytest.raises(ValueError, match="kernels are for float32 and float64, got bfloat16"):
        operator.matvec(jnp.ones((95, 5), jnp.bfloat16))
    features = as_features(np.eye(20), backend="native", dtype=jnp.bfloat16, density_limit=1)
    with pytest.raises(ValueError, match="kernels are for float32 and float64, got bfloat16"):
        features.project(jnp.ones((20, 4), jnp.bfloat16))


@needs_kernels
@pytest.mark.parametrize(
    ("hidden", "classes"), [(20, 3), *(pytest.param(*w, marks=SLOW) for w in [(64, 7), (37, 40)])]
)
@pytest.mark.parametrize("training", [False, pytest.param(True, marks=SLOW)])
def test_fused_layers_equal_the_plain_ones(hidden, classes, training):
    """Whole and partial vectors; alone and as a batch; values and all derivatives."""
    rng = np.random.default_rng(hidden)
    matrix = scipy.sparse.random_array((150, 30), density=0.1, rng=rng)
    make = lambda key: MLP(  # noqa: E731
        30, classes, hidden=hidden, dropout=0.4, dtype=jnp.float64, rngs=nnx.Rngs(key)
    )
    models = [nnx.split(make(key), nnx.Param, ...) for key in range(3)]
    graphdef, rest = models[0][0], models[0][2]
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(params for _, params, _ in models))
    keys = jax.random.split(jax.random.key(3), 3)
    cotangent = jnp.asarray(rng.normal(size=(150, classes)))

    def found(backend):
        features = as_features(matrix, backend=backend, dtype=jnp.float64)

        def value(params, key):
            model = nnx.merge(graphdef, params, rest)
            return (model.embed(features, key if training else None) * cotangent).sum()

        function = jax.value_and_grad(value)
        return function(models[0][1], keys[0]), jax.vmap(function)(batch, keys)

    got, expected = (jax.tree.leaves(found(backend)) for backend in ("native", "bucketed"))
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13 * np.abs(other).max())


@needs_kernels
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((7, 4), (4,), (4, 2)), "weight must have shape \\[F, H\\], F = 20"),
        (((20, 4), (3,), (4, 2)), "must have shapes \\[H\\] and \\[H, C\\], H = 4"),
        (((20, 4), (4,), (5, 2)), "must have shapes \\[H\\] and \\[H, C\\], H = 4"),
    ],
)
def test_fused_layers_refuse_wrong_shapes(shapes, message):
    features = as_features(np.eye(20), backend="native", density_limit=1)
    with pytest.raises(ValueError, match=message):
        features.two_layers(*map(jnp.ones, shapes), 0.0, None)


@needs_kernels
def test_fused_layers_refuse_a_derivative_in_the_features():
    features = as_features(np.eye(20), backend="native", density_limit=1)
    model = MLP(20, 2, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="no derivative in the features"):
        jax.grad(lambda f: model.embed(f).sum(), allow_int=True)(features)
