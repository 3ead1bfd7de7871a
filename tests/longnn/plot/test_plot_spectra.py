"""Figures of spectra, energies, bases and over-passing: the data drawn, the words on the axes."""

from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest

from longnn import plot

RNG = np.random.default_rng(0)
EDGES = np.linspace(0, 2, 9)
LAM = np.linspace(0, 2, 41)
SHARE = RNG.dirichlet(np.ones(8))
OTHER = RNG.dirichlet(np.ones(8))
PEAKED = np.array([0.02, 0.02, 0.01, 0.01, 0.9, 0.02, 0.02, 0.0])
VALUES = RNG.normal(size=(4, 41))
HALF = np.r_[np.zeros(4), 0.25, 0.5, 0.75, 1]

FIGURES = {
    "density": lambda: plot.density({"exact": (EDGES, SHARE), "KPM": (EDGES, OTHER)}),
    "density, peaked": lambda: plot.density({"exact": (EDGES, PEAKED)}),
    "energy": lambda: plot.energy({"labels": (EDGES, SHARE)}, (EDGES, PEAKED)),
    "energy, no spectrum": lambda: plot.energy({"labels": (EDGES, SHARE)}),
    "homophily": lambda: plot.homophily(EDGES, SHARE - 0.1, (EDGES, OTHER)),
    "homophily, no spectrum": lambda: plot.homophily(EDGES, SHARE),
    "basis": lambda: plot.basis(LAM, VALUES, np.r_[np.inf, np.ones(40)]),
    "basis, no weight": lambda: plot.basis(LAM, RNG.normal(size=(12, 41))),
    "conditioning": lambda: plot.conditioning({"a": np.array([1, 10, np.inf])}),
    "over-passing": lambda: plot.over_passing(
        LAM, {"a": VALUES[0], "b": VALUES[1]}, EDGES, {"a": SHARE, "b": OTHER}, HALF
    ),
}


def words(legend) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("name", FIGURES)
def test_figures_can_be_saved_and_leave_nothing_behind(name):
    buffer = BytesIO()
    FIGURES[name]().savefig(buffer, format="png")
    assert buffer.getvalue().startswith(b"\x89PNG")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_is_named(name):
    figure = FIGURES[name]()
    assert all(axes.get_ylabel() for axes in figure.axes)
    lowest = figure.axes[-1]
    assert lowest.get_xlabel() == "order K" or lowest.get_xlabel().startswith("$\\lambda$")
    assert name == "conditioning" or lowest.get_xlim() == (0, 2)


def test_densities_lie_over_one_another():
    (axes,) = plot.density({"exact": (EDGES, SHARE), "KPM": (EDGES, OTHER)}, "Cora").axes
    filled, line = (patch.get_data() for patch in axes.patches)
    np.testing.assert_allclose(filled.values, 100 * SHARE)
    np.testing.assert_allclose(line.values, 100 * OTHER)
    np.testing.assert_array_equal(line.edges, EDGES)
    assert words(axes.get_legend()) == ["exact", "KPM"]
    assert (axes.get_yscale(), axes.get_title()) == ("linear", "Cora")
    assert axes.get_ylabel() == "eigenvalues per bin [%]"


def test_a_peak_makes_the_axis_logarithmic():
    assert plot.density({"exact": (EDGES, PEAKED)}).axes[0].get_yscale() == "log"
    top, bottom = plot.energy({"labels": (EDGES, SHARE)}, (EDGES, PEAKED)).axes
    assert (top.get_yscale(), bottom.get_yscale()) == ("linear", "log")


def test_energies_are_summed_up_beside_the_eigenvalues():
    signals = {"features": (EDGES, SHARE), "labels": (EDGES, OTHER)}
    top, bottom = plot.energy(signals, (EDGES, SHARE), "Cora").axes
    for line, share in zip(top.lines, (SHARE, OTHER, SHARE), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), EDGES)
        np.testing.assert_allclose(line.get_ydata(), [100 * share[:i].sum() for i in range(9)])
    assert words(top.get_legend()) == ["features", "labels", "eigenvalues"]
    np.testing.assert_allclose(bottom.patches[0].get_data().values, 100 * SHARE)
    assert "[%]" in top.get_ylabel()
    assert top.get_title() == "Cora"


def test_homophily_shows_what_adds_and_what_takes_away():
    share = np.array([0.5, 0.2, 0.1, 0, 0, -0.1, 0, -0.05])
    (axes,) = plot.homophily(EDGES, share).axes
    adds, takes = (patch.get_data().values for patch in axes.patches)
    np.testing.assert_allclose(adds + takes, 100 * share)
    assert (adds >= 0).all()
    assert (takes <= 0).all()
    assert words(axes.get_legend()) == ["adds +80.0 %", "takes away -15.0 %"]
    assert axes.get_title() == "edge homophily 65.0 %"


def test_basis_with_its_weight():
    weight = np.r_[np.inf, np.linspace(0.5, 2, 40)]
    figure = plot.basis(LAM, VALUES, weight, "Jacobi")
    top, bottom = figure.axes
    for line, values in zip(top.lines, VALUES, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), values)
    root, *weighted = [line.get_ydata() for line in bottom.lines[:5]]
    np.testing.assert_allclose(root[1:], np.sqrt(weight[1:]))
    for line, values in zip(weighted, VALUES, strict=True):
        assert np.isnan(line[0])
        np.testing.assert_allclose(line[1:], values[1:] * np.sqrt(weight[1:]))
    (legend,) = figure.legends
    assert words(legend) == ["$\\sqrt{w}$", "k = 0", "k = 1", "k = 2", "k = 3"]
    assert "p_k" in top.get_ylabel()
    assert "sqrt" in bottom.get_ylabel()


def test_the_ends_do_not_decide_the_range():
    steep = np.ones((1, 41)) * np.linspace(-1, 1, 41)
    steep[0, 0] = 1e6
    (axes,) = plot.basis(LAM, steep).axes
    assert axes.get_ylim()[1] < 2


def test_conditioning_over_the_order():
    numbers = {"Legendre": np.array([1.0, 3, 20]), "powers": np.array([1.0, 100, np.inf])}
    (axes,) = plot.conditioning(numbers, "energy of the labels").axes
    for line, values in zip(axes.lines, numbers.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
        np.testing.assert_array_equal(line.get_ydata(), np.where(np.isinf(values), np.nan, values))
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "condition number\nunder the energy of the labels"
    assert words(axes.get_legend()) == ["Legendre", "powers"]


def test_over_passing_is_summed_up_to_its_share():
    passed = {"a": SHARE, "b": OTHER}
    top, bottom = plot.over_passing(
        LAM, {"a": VALUES[0], "b": VALUES[1]}, EDGES, passed, HALF, "Cora"
    ).axes
    for line, values in zip(top.lines, VALUES, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), np.abs(values))
    np.testing.assert_allclose(top.collections[0].get_array().ravel(), HALF)
    for line, share in zip(bottom.lines, passed.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata()[-1], 100 * share @ HALF)
        assert line.get_ydata()[4] == 0
    expected = [f"{name}: {100 * share @ HALF:.1f} %" for name, share in passed.items()]
    assert words(bottom.get_legend()) == expected
    assert bottom.get_legend().get_title().get_text() == "over-passing"
    assert top.get_title() == "Cora"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot.density({}), "no density"),
        (lambda: plot.energy({}), "no energy"),
        (lambda: plot.conditioning({}), "nothing to draw"),
        (lambda: plot.over_passing(LAM, {}, EDGES, {}, HALF), "at least one"),
        (lambda: plot.over_passing(LAM, {"a": VALUES[0]}, EDGES, {"b": SHARE}, HALF), "same names"),
    ],
)
def test_nothing_to_draw(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
