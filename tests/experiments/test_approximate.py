"""``longnn approximate``, end to end on a small grid, and what it refuses."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import absl.logging
import numpy as np
import pytest
from longnn.experiments.approximate.__main__ import main, quoted

from longnn.data.lattices import grid

SMALL = ("dataset=grid", "dataset.rows=6", "dataset.columns=5", "signals=3", "order=4")
SHORT = ("epochs=40", "solver=nesterov", "learnable=false")


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """``fit(*overrides)`` runs the command and gives its directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # raise instead of printing and exiting
    # Hydra closes all handlers, and this one closes a stream that pytest has put aside
    absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

    def call(*overrides: str) -> Path:
        before = set(tmp_path.glob("fits/*"))
        monkeypatch.setattr(sys, "argv", ["longnn approximate", "cache=null", *SMALL, *overrides])
        main()
        new = set(tmp_path.glob("fits/*")) - before
        return new.pop() if new else next(iter(before))

    return call


def result_of(directory: Path) -> dict:
    return json.loads((directory / "result.json").read_text())


@pytest.mark.slow
def test_least_squares_of_all_filters(fit, capsys):
    directory = fit()
    assert directory.name.startswith("grid_all_jacobi_lstsq-")
    result = result_of(directory)
    rows = result["bases"]["jacobi"]
    assert [row["filter"] for row in rows] == [
        *("low", "high", "band", "rejection", "comb", "low_band")
    ]
    for row in rows:
        assert row["sse"] == pytest.approx(row["optimum"], rel=1e-9)
        assert row["r2"] == pytest.approx(row["optimum_r2"])
    shown = capsys.readouterr().out
    assert "lstsq, jacobi, K = 4: 3 signals of grid" in shown
    assert f"{rows[4]['sse']:.6g}" in shown
    with np.load(directory / "fits_jacobi.npz") as arrays:
        assert arrays["theta"].shape == (6, 5, 3)
        assert arrays["response"].shape == (6, 401, 3)
    assert len(list(directory.glob("response_*.png"))) == 6
    changed = (directory / "result.json").stat().st_mtime_ns
    assert fit() == directory  # finished: shown again, not repeated
    assert f"{rows[4]['sse']:.6g}" in capsys.readouterr().out
    assert (directory / "result.json").stat().st_mtime_ns == changed


@pytest.mark.slow
@pytest.mark.parametrize("share", ["none", "filters", "signals"])
def test_gradients_beside_the_optimum(fit, share):
    directory = fit(*SHORT, "filter=[band,low]", f"share={share}", "compare=[monomial]")
    result = result_of(directory)
    assert list(result["bases"]) == ["jacobi", "monomial"]
    for basis, rows in result["bases"].items():
        for row in rows:
            assert (row["epochs"], row["filter"] in ("band", "low")) == (40, True)
            assert row["sse"] >= row["optimum"] * (1 - 1e-9)
        with np.load(directory / f"fits_{basis}.npz") as arrays:
            assert arrays["theta"].shape == (2, 5, 3)
            np.testing.assert_allclose(
                1 + arrays["excess1"][-1], arrays["sse"][1] / arrays["optimum"][1], rtol=1e-4
            )
            np.testing.assert_allclose(arrays["sse"].mean(1), [row["sse"] for row in rows])
    assert {p.name for p in directory.glob("convergence*")} == {
        *("convergence_band.png", "convergence_low.png")
    }


def test_filters_of_ones_own(fit, tmp_path):
    expression = fit("filter=exp(-3*lam)", "figures=false")
    lam = np.linspace(0, 2, 4001)
    np.save(tmp_path / "mine.npy", np.stack([lam, np.exp(-3 * lam)]))
    values = fit("filter=mine.npy", "figures=false")
    np.save(tmp_path / "target.npy", np.arange(30.0))
    target = fit("filter=target.npy")
    found = [result_of(d)["bases"]["jacobi"][0] for d in (expression, values, target)]
    assert found[0]["filter"] == "exp(-3*lam)"
    assert found[1]["sse"] == pytest.approx(found[0]["sse"], rel=1e-3)
    assert found[2]["sse"] > 1
    assert not list(target.glob("response_*"))  # there is nothing to compare with
    np.save(tmp_path / "target.npy", np.arange(30.0) + 1)
    assert fit("filter=target.npy") != target  # a file counts by its content


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["filter=lam.real"], "is not allowed; allowed are numbers"),
        (["filter=log(lam)"], "not finite at lam = 0"),
        (["filter=bnd"], "did you mean band"),
        (["filter=[low,low]"], "filters must be different"),
        (["filter=none.npy"], "cannot read the filter none.npy"),
        (["filter=short.npy"], r"expected lambda and g\(lambda\) \[2, G\], or targets \[30\]"),
        (["basis=jacobbi"], "unknown basis 'jacobbi': did you mean jacobi"),
        (["solver=sgd"], "unknown solver 'sgd'; choose one of lstsq, nesterov, adam"),
        (["compare=[legendre]"], "solver=lstsq has none; take"),
        (["signals=0"], "signals must be a whole number"),
        (["graph.operator=magnetic"], "fitted on the symmetric operator, got .*=magnetic"),
        (["solver=adam", "lr=-1"], "needed: lr > 0"),
        (["filter=comb", "limit=10"], "kink or a jump"),
    ],
)
def test_refused(fit, tmp_path, overrides, message):
    np.save(tmp_path / "short.npy", np.ones(7))
    with pytest.raises(ValueError, match=message):
        fit(*overrides)
    assert not list(tmp_path.rglob("result.json"))


def test_unknown_keys_are_refused(fit, capsys):
    with pytest.raises(SystemExit):
        fit("ordr=3")
    assert "unknown key 'ordr': did you mean order" in capsys.readouterr().err


def test_expressions_need_no_quotes_of_hydra():
    assert quoted("filter=exp(-3*lam)") == "filter='exp(-3*lam)'"
    for as_it_is in ("filter='exp(-3*lam)'", "filter=[low,band]", "filter=a/b.npy", "order=3"):
        assert quoted(as_it_is) == as_it_is


def test_help_loads_no_jax():
    code = (
        "import sys; from longnn.experiments.approximate.__main__ import main\n"
        "sys.argv = ['longnn approximate', '--help']\n"
        "try: main()\nfinally: print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Fit polynomial filters" in done.stdout
    assert done.stdout.rstrip().endswith("False")


def test_features_that_are_zero_are_refused_before_anything_is_fitted(fit, monkeypatch, tmp_path):
    data = grid(rows=6, columns=5)
    zeros = replace(data, features=np.zeros_like(data.features))
    monkeypatch.setattr("longnn.experiments.approximate.data.load", lambda *_: zeros)
    with pytest.raises(ValueError, match="first 3 feature columns of grid are zero at every node"):
        fit()
    assert not list(tmp_path.glob("fits/*/result.json"))
