"""Figures of fits: what is drawn is what was given, with words on the axes."""

import numpy as np

from longnn import plot

LAM = np.linspace(0, 2, 21)


def test_fitted_response():
    fits = np.stack([LAM**2 + shift for shift in (-0.1, 0.0, 0.3)])
    density = np.linspace(0, 2, 5), np.array([0.7, 0.2, 0.05, 0.05])
    figure = plot.fitted_response(LAM, LAM**2, fits, density, "band")
    top, middle, bottom = figure.axes
    labels = {text.get_text() for text in top.get_legend().get_texts()}
    assert labels == {"range of fits", "median of 3 fits", "target"}
    lines = {line.get_label(): line.get_ydata() for line in top.lines}
    np.testing.assert_allclose(lines["target"], LAM**2)
    np.testing.assert_allclose(lines["median of 3 fits"], LAM**2)
    heights = middle.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [-0.1, 0.3])
    assert top.get_ylabel() == "response g($\\lambda$)"
    assert middle.get_ylabel() == "fit - target"
    assert "energy" in bottom.get_ylabel()
    assert "[%]" in bottom.get_ylabel()
    assert "lambda" in bottom.get_xlabel()
    assert figure.get_suptitle() == "band"
    assert len(plot.fitted_response(LAM, LAM, fits).axes) == 2
    off = np.where(LAM > 1, 1e3, 0.01) * np.ones((3, 1))
    gap = np.linspace(0, 2, 5), np.array([0.5, 0.5, 0.0, 0.0])  # no energy above lambda = 1
    (_, residual, _) = plot.fitted_response(LAM, LAM**2, LAM**2 + off, gap).axes
    np.testing.assert_allclose(residual.get_ylim(), [-0.015, 0.015])
    constant = plot.fitted_response(LAM, np.ones(21), np.ones((1, 21)))
    assert all(np.ptp(axes.get_ylim()) > 0 for axes in constant.axes)


def test_convergence():
    epochs = np.array([1, 10, 100])
    excess = {
        "jacobi": np.array([[1.0, 2, 3], [0.1, 0.009, 0.008], [1e-3, 1e-3, 2e-3]]),
        "monomial": np.full((3, 3), 0.5),
    }
    figure = plot.convergence({name: epochs for name in excess}, excess, "low")
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlabel() == "epoch"
    assert axes.get_ylabel() == "squared error / optimum - 1"
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["jacobi: 10 / 100", "monomial: never / never"]
    thick, thin, *_, one_percent = axes.lines
    np.testing.assert_allclose(thick.get_ydata(), [2, 0.009, 1e-3])
    np.testing.assert_allclose(thin.get_ydata(), [3, 0.1, 2e-3])
    np.testing.assert_allclose(one_percent.get_ydata(), 0.01)
    assert axes.get_title() == "low"
