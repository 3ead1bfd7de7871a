"""Graphs on the disk hold what `Graph.from_edges` makes of the same edges in memory."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

import longnn
from longnn.stores import StoreError, build, open_graph
from longnn.stores.blocks import BLOCK, Writer
from longnn.stores.folders import making
from longnn.stores.sorting import Sorter

RULES = list(itertools.product(("either", "both", "sum"), ("largest", "sum"), ("drop", "keep")))


def drawn(nodes=50, edges=300, weighted=False):
    rng = np.random.default_rng(1)
    pairs = rng.integers(nodes, size=(edges, 2))
    return pairs, rng.random(edges) + 0.1 if weighted else None


def chunks(edges, weights, length=90):
    for start in range(0, len(edges), length):
        part = slice(start, start + length)
        yield edges[part], None if weights is None else weights[part]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rules", RULES, ids="-".join)
@pytest.mark.parametrize("memory", [2e-5, 1.0], ids=["in pieces", "at once"])
def test_a_stored_graph_is_that_of_memory(tmp_path, rules, weighted, memory):
    edges, weights = drawn(weighted=weighted)
    names = dict(zip(("directions", "duplicates", "self_loops"), rules, strict=True))
    stored = build(tmp_path / "g", chunks(edges, weights), 50, memory_gb=memory, **names)
    expected = longnn.Graph.from_edges(edges, 50, weights, **names)
    found = stored.graph()
    assert np.array_equal(found.senders, expected.senders)
    assert np.array_equal(found.receivers, expected.receivers)
    assert np.array_equal(found.pair_weights(), expected.pair_weights())
    np.testing.assert_allclose(stored.degrees(), expected.degrees(), rtol=1e-13)
    assert stored.entries == len(expected.senders)


def test_rows_and_blocks_cover_the_graph(tmp_path):
    stored = build(tmp_path / "g", chunks(*drawn()), 60)
    whole = stored.rows(0, 60)
    pieces = list(stored.blocks(entries=40))
    assert len(pieces) > 10
    assert all(len(p.neighbours) <= 40 or len(p.offsets) == 2 for p in pieces)
    assert np.array_equal(np.concatenate([p.neighbours for p in pieces]), whole.neighbours)
    assert [p.start for p in pieces[1:]] == np.cumsum([len(p.offsets) - 1 for p in pieces])[
        :-1
    ].tolist()
    with pytest.raises(ValueError, match=r"rows \[3, 61\) do not lie in \[0, 60\]"):
        stored.rows(3, 61)


def test_what_is_wrong_with_edges_is_said(tmp_path):
    make = lambda edges, nodes=3, **rules: build(tmp_path / "g", edges, nodes, **rules)  # noqa: E731
    edge = np.array([[0, 1]])
    with pytest.raises(ValueError, match=r"node indices must lie in \[0, 3\)"):
        make([(np.array([[0, 3]]), None)])
    with pytest.raises(ValueError, match="some chunks of edges have weights and some have none"):
        make([(edge, None), (edge, np.ones(1))])
    with pytest.raises(ValueError, match="directions='both' drops 1 that go one way only"):
        make([(edge, None)], directions="both")
    with pytest.raises(ValueError, match="directions"):
        make([(edge, None)], directions="none")
    with pytest.raises(ValueError, match="1 <= num_nodes"):
        make([(edge, None)], 2**31)
    with pytest.raises(ValueError, match="memory_gb > 0"):
        make([(edge, None)], memory_gb=0)
    assert list(tmp_path.iterdir()) == []


def test_a_store_appears_whole_or_not_at_all(tmp_path):
    def broken():
        yield np.array([[0, 1]]), None
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "g", broken(), 3)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".g.partial").mkdir()  # of a process that was killed
    (tmp_path / ".g.partial" / "left").write_text("")
    build(tmp_path / "g", [(np.array([[0, 1]]), None)], 3)
    with pytest.raises(StoreError, match="exists; delete it, or name another folder"):
        build(tmp_path / "g", [], 3)
    with making(tmp_path / "h"), pytest.raises(StoreError, match="another process is making"):
        build(tmp_path / "h", [], 3)


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(_, values):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Writer, "add", full)
    with pytest.raises(StoreError, match=r"the disk that holds .* is full"):
        build(tmp_path / "g", [(np.array([[0, 1]]), None)], 3)
    assert list(tmp_path.iterdir()) == []


def test_records_of_any_distribution_are_sorted(tmp_path):
    rng = np.random.default_rng(0)
    keys = np.concatenate([rng.integers(0, 10**12, 500), np.full(300, 7), np.arange(200)])
    weights = rng.random(1000)
    sorter = Sorter(tmp_path, 0, 10**12, True, 64)
    for start in range(0, 1000, 130):
        sorter.add(keys[start : start + 130], weights[start : start + 130])
    pieces = list(sorter.pieces())
    order = np.argsort(keys, kind="stable")
    assert np.array_equal(np.concatenate([k for k, _ in pieces]), keys[order])
    assert np.array_equal(np.concatenate([w for _, w in pieces]), weights[order])
    assert all(len(k) <= 64 or (k == k[0]).all() for k, _ in pieces)
    assert all(a[0][-1] < b[0][0] for a, b in itertools.pairwise(pieces))
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded(tmp_path):
    """A graph of 3 million entries is built while data may grow by 200 MB alone."""
    program = f"""
import resource, numpy as np
from longnn.stores import generated
resource.setrlimit(resource.RLIMIT_DATA, (600_000_000, 600_000_000))
print(generated.power_law({str(tmp_path / "g")!r}, 150_000, 20, memory_gb=0.05).entries)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == open_graph(tmp_path / "g").entries > 2_900_000


def damage(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_damaged_block_is_named_when_it_is_read(tmp_path):
    edges = np.stack([np.arange(999_999), np.arange(1, 1_000_000)], axis=1)
    stored = build(tmp_path / "g", [(edges, None)], 1_000_000)
    damage(tmp_path / "g" / "neighbours.bin", BLOCK + 5)
    stored = open_graph(tmp_path / "g")
    assert len(stored.rows(0, 1000).neighbours) == 1999
    with pytest.raises(StoreError, match=r"block 1 of .*neighbours.bin .* is damaged"):
        stored.rows(999_000, 1_000_000)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("store.json", lambda c: c[:40], "is damaged"),
        ("store.json", lambda c: c.replace(b'"graph"', b'"tree"', 1), "describes a 'tree'"),
        ("store.json", lambda c: c.replace(b'"num_nodes": 3', b'"num_nodes": 4'), "does not fit"),
        (
            "store.json",
            lambda c: c.replace(b'"num_nodes": 3', b'"num_nodes": -1'),
            "num_nodes = -1",
        ),
        ("store.json", lambda c: c.replace(b"<i8", b"|O8"), "does not describe an array"),
        ("store.json", lambda c: c.replace(b"offsets", b"offzets"), "has the arrays"),
        ("neighbours.bin", lambda c: c[:-4], "has 4 bytes, expected 8 bytes"),
        ("store.json", None, "holds no finished store"),
        ("offsets.bin", None, "is missing"),
    ],
)
def test_a_damaged_store_is_refused(tmp_path, name, change, message):
    build(tmp_path / "g", [(np.array([[0, 2]]), None)], 3)
    path = tmp_path / "g" / name
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()
    with pytest.raises(StoreError, match=message):
        open_graph(tmp_path / "g").graph()


def test_indices_are_not_believed(tmp_path):
    """A stranger's store with right checksums and a neighbour that does not exist."""
    import hashlib

    build(tmp_path / "g", [(np.array([[0, 2]]), None)], 3)
    path = tmp_path / "g" / "neighbours.bin"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(np.array([2, 2**30], "<i4").tobytes())
    header = tmp_path / "g" / "store.json"
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    header.write_text(header.read_text().replace(old, new))
    with pytest.raises(StoreError, match=r"a neighbour lies outside \[0, 3\)"):
        open_graph(tmp_path / "g").graph()


def test_degrees_of_a_power_law_graph(tmp_path):
    """P(degree > d) ~ d^-1.5: the slope of the tail, by Hill's estimate, and the mean."""
    stored = longnn.stores.power_law(tmp_path / "g", 100_000, 10.0, exponent=2.5, seed=3)
    degree = np.sort(stored.degrees())[::-1].astype(float)
    hill = 1 / np.log(degree[:2000] / degree[2000]).mean()
    assert 1.2 < hill < 1.8
    assert 9.5 < degree.mean() <= 10
    again = longnn.stores.power_law(tmp_path / "h", 100_000, 10.0, exponent=2.5, seed=3)
    assert again.checksum == stored.checksum


@pytest.mark.parametrize("periodic", [False, True])
def test_a_grid_is_that_of_the_lattices(tmp_path, monkeypatch, periodic):
    monkeypatch.setattr("longnn.stores.generated.PIECE", 7)
    stored = longnn.stores.grid(tmp_path / "g", 5, 4, periodic).graph()
    edges = longnn.data.lattices.grid_edges(5, 4, periodic)
    expected = longnn.Graph.from_edges(edges, 20)
    assert np.array_equal(stored.senders, expected.senders)
    assert np.array_equal(stored.receivers, expected.receivers)


def test_a_block_model_has_the_neighbours_asked_for(tmp_path):
    stored = longnn.stores.sbm(tmp_path / "g", 20_001, 3, inside=12, across=6, seed=1).graph()
    same = stored.senders % 3 == stored.receivers % 3
    assert same.sum() / 20_001 == pytest.approx(12, rel=0.02)
    assert (~same).sum() / 20_001 == pytest.approx(6, rel=0.02)


def test_points_within_the_radius_are_joined(tmp_path, monkeypatch):
    """Every distance is looked at; pieces of strips make no difference."""
    from longnn.stores.points import _points

    monkeypatch.setattr("longnn.stores.points.POINTS", 70)
    stored = longnn.stores.geometric(tmp_path / "g", 600, 8.0, seed=3)
    points = _points(600, (8 / (np.pi * 600)) ** 0.5, 3)
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    near = (distance <= (8 / (np.pi * 600)) ** 0.5) & ~np.eye(600, dtype=bool)
    expected = longnn.Graph.from_edges(np.argwhere(near), 600)
    assert np.array_equal(stored.graph().senders, expected.senders)
    assert np.array_equal(stored.graph().receivers, expected.receivers)
    assert longnn.stores.geometric(tmp_path / "h", 600, 8.0, seed=4).checksum != stored.checksum


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: longnn.stores.geometric(p, 10, 6.0), "mean_degree <= nodes / 2"),
        (lambda p: longnn.stores.power_law(p, 100, exponent=2), "exponent > 2"),
        (lambda p: longnn.stores.grid(p, 1, 5), "rows and columns >= 2"),
        (lambda p: longnn.stores.sbm(p, 3, 2), "nodes >= 2 classes"),
    ],
)
def test_generated_graphs_have_ranges(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        make(tmp_path / "g")
