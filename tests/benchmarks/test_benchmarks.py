"""The benchmarks run, on tiny sizes; nothing is asserted about time."""

import jax
import numpy as np
import pytest
from scipy.special import roots_jacobi

from benchmarks import exact, libraries, polybases_accuracy, polybases_chain, polybases_speed
from tests.oracles import SPECIAL, mp_values

PAIR = (0.7, -0.2)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _width(header: str) -> int:
    return len(_cells(header.splitlines()[0]))


@pytest.mark.parametrize(("alpha", "beta"), SPECIAL)
def test_reference_values_against_the_explicit_sum(alpha, beta):
    x = np.array([-1.0, -0.3, 0.6, 1.0])
    got = exact.orthonormal_jacobi(6, alpha, beta, x)
    np.testing.assert_allclose(got, mp_values(6, alpha, beta, x), rtol=1e-13, atol=1e-13)


def test_three_libraries_agree():
    x = np.linspace(-1, 1, 5)
    expected = exact.orthonormal_jacobi(6, *PAIR, x)
    np.testing.assert_allclose(libraries.ours(6, *PAIR, x), expected, rtol=1e-12)
    np.testing.assert_allclose(libraries.by_orthax(6, *PAIR, x).T, expected, rtol=1e-12)
    np.testing.assert_allclose(libraries.by_scipy(6, *PAIR, x), expected, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [libraries.gauss_ours, libraries.gauss_orthax])
def test_gauss_rules_agree(rule):
    np.testing.assert_allclose(rule(5, *PAIR), roots_jacobi(5, *PAIR), rtol=1e-12)


def test_errors_are_per_pair_and_relative_to_each_degree():
    values = np.array([[[1.0, -2.0], [8.0, 4.0]]])
    shifted = values + np.array([[0.0, 0.0], [0.0, 2.0]])
    got = np.concatenate([shifted, np.full_like(values, np.nan)])
    error = polybases_accuracy.errors(got, np.concatenate([values, values]))
    np.testing.assert_array_equal(error, [0.25, np.nan])


@pytest.mark.slow
def test_accuracy_table():
    lines = polybases_accuracy.table(orders=(4,), count=2, points_count=5)
    assert [_cells(line)[:3] for line in lines] == [
        ["4", dtype, library]
        for dtype in ("float32", "float64")
        for library in ("polybases", "orthax", "scipy")
    ]
    assert {len(_cells(line)) for line in lines} == {_width(polybases_accuracy.HEADER)}
    for line in lines:
        _, dtype, library, inner, _, median, near, ends, slopes, values, gradients = _cells(line)
        bound = {"float32": 1e-4, "float64": 1e-11}[dtype]
        assert 0 <= float(median) <= float(inner) < bound
        assert float(near) < bound
        assert float(ends) < bound
        if library == "polybases":
            assert float(slopes) < bound
            assert (values, gradients) == ("0", "0")
        if library == "orthax":
            assert int(values) >= 6, "alpha + beta of -1 and -1.5"


def test_accuracy_row_without_any_finite_value():
    nothing = {name: np.full(2, np.nan) for name in ("inner", "near", "ends")}
    line = polybases_accuracy.row(4, "float32", "other", np.zeros((2, 2)), nothing, "2")
    assert _cells(line)[3] == "none finite"
    assert len(_cells(line)) == _width(polybases_accuracy.HEADER)


@pytest.mark.slow
def test_speed_table():
    lines = polybases_speed.table(repeats=1, points=10, orders=(2, 3, 4), min_seconds=0)
    assert len(lines) == 6
    for line in lines:
        cells = _cells(line)
        assert len(cells) == _width(polybases_speed.HEADER)
        times = [float(cell.split()[0]) for cell in cells[2:] if cell != "-"]
        assert times
        assert np.all(np.isfinite(times))
        assert min(times) > 0
    assert [line.count(" - ") for line in lines] == [0, 1, 0, 1, 4, 4]


@pytest.mark.slow
def test_chain_table():
    lines = polybases_chain.table(nodes=20, pairs=[(0.0, 0.0)])
    assert len(lines) == 4
    for line in lines:
        cells = _cells(line)
        assert len(cells) == _width(polybases_chain.HEADER)
        assert 0 < max(map(float, cells[3:])) < 1e-3


def test_commands_print_a_page(monkeypatch, capsys):
    monkeypatch.setattr(polybases_accuracy, "table", lambda count: [f"| {count} |"])
    monkeypatch.setattr(polybases_chain, "table", lambda: ["| row |"])
    monkeypatch.setattr(polybases_speed, "table", lambda *arguments: ["| row |"])
    for module in (polybases_accuracy, polybases_speed):
        monkeypatch.setattr("sys.argv", ["benchmark", "--quick"])
        module.main()
        text = capsys.readouterr().out
        assert module.HEADER in text
        assert f"jax {jax.__version__}" in text


def test_quick_table_is_not_written(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmark", "--quick", "--write"])
    with pytest.raises(SystemExit):
        polybases_accuracy.main()
    assert "--quick" in capsys.readouterr().err
