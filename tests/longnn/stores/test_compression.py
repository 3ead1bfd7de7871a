"""Terms in few bits on the disk: read as any terms, of the bytes that are stated, or refused."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import polybases
from longnn.stores import StoredTerms, StoreError, compress, power_law, propagate
from longnn.stores import compression as module
from longnn.stores.packing import Tiles
from longnn.stores.rounding import BITS, restored, rounded
from tests.longnn.stores.test_build import damage

NODES, ORDER = 700, 3
BASIS = polybases.jacobi(ORDER, np.float64(0.0), np.float64(0.0))


def made(folder, features=70, memory=1.0, dtype="float32"):
    graph = power_law(folder / "graph", NODES, 6.0, seed=2)
    x = np.random.default_rng(0).standard_normal((NODES, features))
    x *= np.random.default_rng(1).random((NODES, features)) < 0.3
    return propagate(folder / "terms", graph, x, BASIS, memory_gb=memory, dtype=dtype)


@pytest.fixture
def terms(tmp_path):
    return made(tmp_path)


def alone(values, bits):
    """Rows rounded in tiles of their own."""
    codes, ends = rounded(values, bits)
    return restored(codes, ends[:, :1], ends[:, 1:], bits)


@pytest.mark.parametrize("bits", [*BITS, (1, 2, 8, 16)])
def test_rows_are_those_that_were_rounded(tmp_path, terms, bits, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 70 * 90)  # pieces of 90 rows
    done = []
    few = compress(tmp_path / "few", terms, bits, on_progress=lambda *p: done.append(p))
    each = (bits,) * 4 if isinstance(bits, int) else bits
    assert done == [(k, 4) for k in range(1, 5)]
    assert few.bits == each
    assert (few.dtype, few.order, few.features) == (np.float32, ORDER, 70)
    assert (few.graph, few.source) == (terms.graph, terms.source)
    assert np.array_equal(few.basis.upper, terms.basis.upper)
    exact = terms.rows(0, NODES)
    found = few.rows(0, NODES)
    assert np.array_equal(found, np.stack([alone(exact[k], each[k]) for k in range(4)]))
    assert np.array_equal(few.rows(33, 34), found[:, 33:34])
    nodes = np.random.default_rng(1).integers(NODES, size=300)
    assert np.array_equal(few.take(nodes), found[:, nodes])
    assert few.take(np.array([], int)).shape == (4, 0, 70)
    with pytest.raises(IndexError, match=r"\[0, 700\)"):
        few.take(np.array([NODES]))


@pytest.mark.parametrize(
    ("features", "columns"), [(7, 100), (7, 3), (130, 100), (300, 300)], ids=str
)
def test_bytes_on_the_disk_are_those_stated(tmp_path, features, columns):
    terms = made(tmp_path, features, memory=2 * NODES * 4 * (columns + 0.5) / 1e9)
    assert len(terms.widths) == -(-features // columns)
    bits = (1, 2, 4, 8)
    few = compress(tmp_path / "few", terms, bits)
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "few").iterdir()}
    assert sum(sizes.values()) - sizes["store.json"] == few.bytes
    assert few.bytes == sum(
        Tiles.of(width).bytes(b, NODES, width) for b in bits for width in terms.widths
    )
    assert few.bytes < 0.2 * terms.bytes
    error = few.rows(0, NODES) - terms.rows(0, NODES)
    parts = np.sqrt((error**2).mean((1, 2)) / (terms.rows(0, NODES) ** 2).mean((1, 2)))
    assert (np.diff(parts[1:]) < 0).all()
    assert parts[3] < 0.03
    nodes = np.array([699, 0, 256, 255, 3, 3])
    assert np.array_equal(few.take(nodes), few.rows(0, NODES)[:, nodes])
    few.forget()


def test_terms_in_double_precision(tmp_path):
    terms = made(tmp_path, dtype="float64")
    few = compress(tmp_path / "few", terms, 16)
    assert few.rows(0, 3).dtype == np.float32
    np.testing.assert_allclose(few.rows(0, NODES), terms.rows(0, NODES), atol=2e-4)


def test_the_same_is_opened_and_others_are_refused(tmp_path, terms):
    few = compress(tmp_path / "few", terms, 8)
    never = []
    again = compress(tmp_path / "few", terms, (8,) * 4, on_progress=lambda *p: never.append(p))
    assert (again.checksum, never) == (few.checksum, [])
    assert "bits 8/8/8/8" in repr(again)
    with pytest.raises(StoreError, match=r"bits \[8, 8, 8, 8\], asked were \[4, 4, 4, 4\]"):
        compress(tmp_path / "few", terms, 4)
    (tmp_path / "b").mkdir()
    other = made(tmp_path / "b", features=71)
    with pytest.raises(StoreError, match="was not made of these terms"):
        compress(tmp_path / "few", other, 8)
    with pytest.raises(StoreError, match="was not made of these terms"):
        compress(tmp_path / "terms", terms, 8)
    with pytest.raises(ValueError, match="is in few bits already"):
        compress(tmp_path / "fewer", few, 4)


@pytest.mark.parametrize("bits", [3, 0, 32, (8, 8), (8, 8, 8, 5)])
def test_other_bits_are_refused(tmp_path, terms, bits):
    with pytest.raises(ValueError, match=r"16, 8, 4, 2 or 1, once or for each of the 4 orders"):
        compress(tmp_path / "few", terms, bits)
    assert not (tmp_path / "few").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_not_finite_is_refused(tmp_path, value):
    terms = made(tmp_path, dtype="float64")
    file = tmp_path / "terms" / "terms-0-2.bin"
    values = np.fromfile(file)
    values[777] = value
    values.tofile(file)
    header = tmp_path / "terms" / "store.json"
    content = json.loads(header.read_text())
    content["arrays"]["terms-0-2"]["sha256"] = [hashlib.sha256(file.read_bytes()).hexdigest()]
    header.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="terms-0-2 holds a value that is not finite or too large"):
        compress(tmp_path / "few", StoredTerms(terms.path), 8)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["graph", "terms"]


def test_propagation_does_not_take_few_bits_for_its_own(tmp_path, terms):
    compress(tmp_path / "few", terms, 8)
    graph = power_law(tmp_path / "again", NODES, 6.0, seed=2)
    with pytest.raises(StoreError, match="terms in few bits"):
        propagate(tmp_path / "few", graph, np.zeros((NODES, 70)), BASIS)


@pytest.mark.parametrize("array", ["codes", "ends"])
def test_a_damaged_block_is_named(tmp_path, terms, array):
    compress(tmp_path / "few", terms, 4)
    damage(tmp_path / "few" / f"terms-0-1-{array}.bin", 11)
    few = StoredTerms(tmp_path / "few")
    with pytest.raises(StoreError, match=rf"terms-0-1-{array}\.bin .* is damaged"):
        few.take(np.array([0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bits": [8, 8, 8]}, "not those of order 3"),
        ({"bits": [8, 8, 8, 3]}, "not those of order 3"),
        ({"bits": [8, 8, 8, 4]}, "terms-0-3-codes does not fit"),
        ({"tiles": [[1, 1], [1, 1]]}, "not those of 1 blocks"),
        ({"tiles": [[2, 2]]}, "not those of 1 blocks"),
        ({"tiles": [[1, 7]]}, "terms-0-0-ends does not fit"),
        ({"tiles": None}, "not those of 1 blocks"),
    ],
)
def test_a_header_of_a_stranger(tmp_path, terms, change, message):
    compress(tmp_path / "few", terms, 8)
    header = tmp_path / "few" / "store.json"
    content = json.loads(header.read_text())
    content["facts"] |= change
    header.write_text(json.dumps(content))
    with pytest.raises(StoreError, match=message):
        StoredTerms(tmp_path / "few")


def test_a_killed_process_leaves_nothing_that_is_opened(tmp_path, terms):
    program = f"""
import sys, time
sys.path.insert(0, {os.getcwd()!r})
from longnn.stores import StoredTerms, compress
def slow(done, total):
    print(done, flush=True)
    time.sleep(20 * (done == 2))
compress({str(tmp_path / "few")!r}, StoredTerms({str(tmp_path / "terms")!r}), 4, on_progress=slow)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        while process.stdout.readline() != b"2\n":
            time.sleep(0.01)
        with pytest.raises(StoreError, match="another process is making"):
            compress(tmp_path / "few", terms, 4)
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / ".few.partial").exists()
    with pytest.raises(StoreError, match="holds no finished store"):
        StoredTerms(tmp_path / "few")
    again = compress(tmp_path / "few", terms, 4)
    whole = compress(tmp_path / "whole", terms, 4)
    assert again.checksum == whole.checksum
    assert not (tmp_path / ".few.partial").exists()
