"""Rounding to few levels: how far a number moves, what stays, and how codes are packed."""

import numpy as np
import pytest

from longnn.stores.packing import Tiles, decode, encode, packed, unpacked
from longnn.stores.rounding import BITS, restored, rounded

EACH = pytest.mark.parametrize("bits", BITS)


def drawn(kind, tiles=40, size=96):
    rng = np.random.default_rng(5)
    normal = rng.standard_normal((tiles, size))
    values = {
        "normal": normal,
        "negative": -np.abs(normal) - 3,
        "heavy": normal**5,
        "sparse": normal * (rng.random((tiles, size)) < 0.1),
        "tiny": normal * 1e-40,
        "huge": np.where(normal > 0, 3.4e38, -3.4e38) * rng.random((tiles, size)),
    }
    return values[kind].astype(np.float32)


KINDS = pytest.mark.parametrize("kind", ["normal", "negative", "heavy", "sparse", "tiny", "huge"])


def levels_of(values, bits):
    """(what the values were rounded to, low, high), in float64."""
    codes, ends = rounded(values, bits)
    assert codes.max() < 2**bits
    found = restored(codes, ends[:, :1], ends[:, 1:], bits).astype(np.float64)
    return found, *ends.astype(np.float64).T


@EACH
@KINDS
def test_no_number_moves_farther_than_half_of_a_step_unless_it_lies_beyond_the_ends(kind, bits):
    values = drawn(kind).astype(np.float64)
    found, low, high = levels_of(drawn(kind), bits)
    half = (high - low) / (2**bits - 1) / 2
    beyond = np.maximum(np.maximum(low[:, None] - values, values - high[:, None]), 0)
    single = 2e-7 * np.maximum(np.abs(low), np.abs(high)) + 2e-45
    assert (np.abs(found - values) <= np.maximum(half[:, None], beyond) + single[:, None]).all()
    if bits >= 8:
        assert (beyond <= single[:, None]).all()


@EACH
@KINDS
def test_the_ends_leave_no_more_error_than_those_of_the_range(kind, bits):
    values = drawn(kind).astype(np.float64)
    found, *_ = levels_of(drawn(kind), bits)
    least, most = values.min(1, keepdims=True), values.max(1, keepdims=True)
    step = (most - least) / (2**bits - 1)
    simple = least + np.rint((values - least) / step) * step
    ours, theirs = (((a - values) ** 2).sum(1) for a in (found, simple))
    sizes = (values**2).sum(1) + 1e-74  # the least numbers of float32 are 1.4e-45 apart
    assert (ours <= theirs * 1.001 + 1e-12 * sizes).all()
    if bits <= 2 and kind == "heavy":
        assert (ours < 0.7 * theirs).mean() > 0.5


@EACH
@pytest.mark.parametrize(
    "pair", [(0, 1), (0, 1 / 7), (-2.5, 0), (-1, 3), (3.4e38, -3.4e38), (5, 5)]
)
def test_two_distinct_numbers_stay_what_they_are(bits, pair):
    values = np.random.default_rng(0).choice(pair, size=(30, 20)).astype(np.float32)
    values[0], values[1] = pair[0], pair[1]  # constant tiles
    codes, ends = rounded(values, bits)
    assert np.array_equal(restored(codes, ends[:, :1], ends[:, 1:], bits), values)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_evenly_spaced_numbers_stay_what_they_are(bits):
    values = np.arange(2**bits, dtype=np.float32)[None] * 0.5
    codes, ends = rounded(values, bits)
    assert np.array_equal(codes[0], np.arange(2**bits))
    np.testing.assert_allclose(
        restored(codes, ends[:, :1], ends[:, 1:], bits), values, rtol=1e-6, atol=1e-6
    )


def test_a_number_in_the_middle_takes_one_of_its_neighbours():
    codes, ends = rounded(np.array([[0.0, 1.0, 0.5] + [0.0, 1.0] * 9]), 1)
    assert ends.tolist() == [[0.0, 1.0]] or codes[0, 2] in (0, 1)
    found = restored(codes, ends[:, :1], ends[:, 1:], 1)
    assert abs(found[0, 2] - 0.5) <= 0.5 + 1e-6


@EACH
@pytest.mark.parametrize("width", [1, 3, 7, 8, 9, 63, 64, 255, 300, 513])
def test_codes_are_packed_in_whole_bytes_of_rows(bits, width):
    codes = np.random.default_rng(width).integers(0, 2**bits, size=(11, width))
    codes = codes.astype(np.uint16 if bits == 16 else np.uint8)
    content = packed(codes, bits)
    assert content.dtype == np.uint8
    assert content.shape == (11, -(-bits * width // 8))
    assert np.array_equal(unpacked(content, bits, width), codes)


@EACH
@pytest.mark.parametrize("tiles", [None, Tiles(1, 30), Tiles(50, 1)], ids=repr)
@pytest.mark.parametrize("shape", [(5, 700), (600, 7), (256, 1), (3, 64), (1, 65)])
def test_matrices_in_tiles(bits, shape, tiles):
    nodes, width = shape
    values = np.random.default_rng(1).standard_normal(shape)
    tiles = tiles or Tiles.of(width)
    content, ends = encode(values, bits, tiles)
    assert content.nbytes + ends.nbytes == tiles.bytes(bits, nodes, width)
    out = np.empty(shape, np.float32)
    decode(content, ends[np.arange(nodes) // tiles.rows], bits, tiles, out)
    for row in range(0, nodes, tiles.rows):
        for column in range(0, width, tiles.columns):
            part = np.s_[row : row + tiles.rows, column : column + tiles.columns]
            alone, _, _ = levels_of(values[part].reshape(1, -1), bits)
            assert np.array_equal(out[part].ravel(), alone[0].astype(np.float32))
