"""Products of pieces of rows: both kinds give those of the matrix, on any signal."""

import numpy as np
import pytest

from longnn import stores
from longnn.graphs.scaling import shift_matrix
from longnn.stores.pieces import NativePieces, ScipyPieces, aligned, multiplying, on_the_spot
from longnn.stores.products import Step, StreamedOperator
from tests.backends import NATIVE


@pytest.fixture(params=[False, True], ids=["plain", "weighted"])
def graph(tmp_path, request):
    rng = np.random.default_rng(0)
    ends = rng.integers(0, 190, (900, 2))  # the last ten nodes have no edge
    weights = rng.random(900) + 0.1 if request.param else None
    return stores.build(tmp_path / "g", [(ends, weights)], 200)


@pytest.mark.parametrize("width", [1, 5, 16, 33])
@pytest.mark.parametrize("kind", [ScipyPieces, *([NativePieces] if NATIVE else [])])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_product_of_pieces_is_that_of_the_matrix(graph, width, kind, dtype):
    signal = aligned((200, width), np.dtype(dtype))
    signal[:] = np.random.default_rng(1).standard_normal(signal.shape)
    held = graph.graph()
    matrix = np.zeros((200, 200))
    matrix[held.receivers, held.senders] = 1 if held.weights is None else held.weights
    product, tolerance = kind(signal), 1e-12 if dtype == "float64" else 1e-4
    for start, stop in ((0, 200), (7, 8), (195, 200), (50, 130)):
        found = product(graph.rows(start, stop))
        np.testing.assert_allclose(found, matrix[start:stop] @ signal, atol=tolerance)


@pytest.mark.parametrize("native", [True, False])
def test_a_step_of_the_recurrence(graph, monkeypatch, native):
    if not native:
        monkeypatch.setattr("longnn.stores.products.multiplying", ScipyPieces)
    monkeypatch.setattr("longnn.stores.products.TOGETHER", 9)
    rng = np.random.default_rng(2)
    current, old = rng.standard_normal((2, 200, 4))
    operator = StreamedOperator(graph, entries=300)
    matrix = shift_matrix(graph.graph()).toarray()
    root = operator.root[:, None]
    previous = old / root
    operator.advance(Step(0.3, 0.7, 0.2), current / root, previous)
    expected = (matrix @ current - 0.3 * current - 0.2 * old) / 0.7
    np.testing.assert_allclose(root * previous, expected, atol=1e-12)


def test_the_kernels_are_taken_where_they_are():
    kinds = {NativePieces} if NATIVE else {ScipyPieces}
    signals = (np.ones((3, 1), name) for name in ("float32", "float64"))
    assert {type(multiplying(signal)) for signal in signals} == kinds


def test_an_aligned_signal_is_read_where_it_is():
    signal = aligned((100, 3), np.dtype("float32"))
    assert on_the_spot(signal).unsafe_buffer_pointer() == signal.ctypes.data
    moved = np.zeros(401, np.float32)[1:].reshape(100, 4)
    copy = on_the_spot(moved)
    moved[:] = 1
    assert not np.asarray(copy).any()
