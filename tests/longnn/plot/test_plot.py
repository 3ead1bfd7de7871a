"""What the figures show: the drawn data, the words on the axes, and that they can be saved."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure

from longnn import plot

RNG = np.random.default_rng(0)
LAM = np.linspace(0, 2, 21)
DENSITY = np.linspace(0, 2, 5), np.array([0.25, 0.75, 0.0, 0.0])  # nothing above lambda = 1
ENDS = [12, 5, 9]  # epochs that each run trained for


def curves(runs: int) -> dict[str, np.ndarray]:
    """NaN after a run's end, as training returns them."""
    ended = np.arange(12) >= np.array(ENDS[:runs])[:, None]
    names = ("loss", "val_loss", "val", "alpha", "beta")
    return {name: np.where(ended, np.nan, RNG.random((runs, 12))) for name in names}


def png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def sorted_median(columns: np.ndarray) -> list[float]:
    """Median of the values that are not NaN, column by column, by sorting."""
    result = []
    for column in columns.T:
        values = sorted(v for v in column if not np.isnan(v))
        middle = len(values) // 2
        odd = len(values) % 2
        result.append(values[middle] if odd else (values[middle - 1] + values[middle]) / 2)
    return result


def band(collection) -> tuple[float, float]:
    """Lowest and highest y of a filled band."""
    y = collection.get_paths()[0].vertices[:, 1]
    return y.min(), y.max()


FIGURES = {
    "response": lambda runs: plot.response_curves(LAM, RNG.normal(size=(runs, 21, 3)), DENSITY),
    "response, no spectrum": lambda runs: plot.response_curves(LAM, RNG.normal(size=(runs, 21, 3))),
    "response, 12 classes": lambda runs: plot.response_curves(LAM, RNG.normal(size=(runs, 21, 12))),
    "response, 7 classes": lambda runs: plot.response_curves(
        LAM, RNG.normal(size=(runs, 21, 7)), DENSITY
    ),
    "response, 40 classes": lambda runs: plot.response_curves(LAM, RNG.normal(size=(runs, 21, 40))),
    "curves": lambda runs: plot.training_curves(curves(runs), "accuracy"),
    "exponents": lambda runs: plot.exponents(
        curves(runs)["alpha"], curves(runs)["beta"], np.arange(runs)
    ),
}


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("name", FIGURES)
def test_figure_can_be_saved_without_warning(name, runs):
    figure = FIGURES[name](runs)
    assert isinstance(figure, Figure)
    assert png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_response_draws_medians_and_quartiles(runs):
    values = RNG.normal(size=(runs, 21, 3))
    figure = plot.response_curves(LAM, values)
    (axes,) = figure.axes
    assert len(axes.collections) == 3
    for c, (line, filled) in enumerate(zip(axes.lines, axes.collections)):
        np.testing.assert_allclose(line.get_xdata(), LAM)
        np.testing.assert_allclose(line.get_ydata(), sorted_median(values[:, :, c]))
        assert line.get_label() == f"class {c}"
        low, high = band(filled)
        np.testing.assert_allclose(low, np.quantile(values[:, :, c], 0.25, axis=0).min())
        np.testing.assert_allclose(high, np.quantile(values[:, :, c], 0.75, axis=0).max())
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["class 0", "class 1", "class 2"]
    several = f"median and quartiles over {runs} runs"
    assert figure.get_suptitle() == ("" if runs == 1 else several)
    assert axes.get_xlim() == (0, 2)
    assert axes.get_ylabel() == r"response g($\lambda$)"
    assert axes.get_xlabel().startswith(r"$\lambda$, eigenvalue of L")


def test_response_shows_the_spectrum_below():
    figure = plot.response_curves(LAM, RNG.normal(size=(3, 21, 2)), DENSITY, "Cora")
    _, bottom = figure.axes
    assert figure.get_suptitle() == "Cora"
    assert "[%]" in bottom.get_ylabel()
    assert bottom.get_xlabel().startswith(r"$\lambda$, eigenvalue of L")
    drawn, edges, _ = bottom.patches[0].get_data()
    np.testing.assert_allclose(drawn, [25, 75, 0, 0])
    np.testing.assert_allclose(edges, DENSITY[0])


def test_response_is_scaled_to_where_the_graph_has_eigenvalues():
    """Huge above lambda = 1, where this graph has none; without a spectrum all counts."""
    values = np.where(LAM > 1, 1e6, 2.0)[None, :, None] * np.ones((3, 1, 2))
    values[:, LAM < 0.5] = -1.0
    cut = plot.response_curves(LAM, values, DENSITY)
    said = cut.get_supxlabel()
    assert said.endswith("curves and bands are cut off where the graph has no eigenvalue")
    low, high = cut.axes[0].get_ylim()
    assert -1.5 < low < -1
    assert 2 < high < 2.5
    whole = plot.response_curves(LAM, values)
    assert whole.axes[0].get_ylim()[1] > 1e6
    assert "cut off" not in whole.get_supxlabel()


def test_training_curves_draw_medians_of_runs_still_training():
    data = curves(3)
    figure = plot.training_curves(data, "ROC AUC", "Cora")
    left, right = figure.axes
    drawn = [(left.lines[0], data["loss"]), (left.lines[1], data["val_loss"]),
             (right.lines[0], 100 * data["val"])]  # fmt: skip
    for line, values in drawn:
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 13))
        np.testing.assert_allclose(line.get_ydata(), sorted_median(values))
    low, high = band(right.collections[0])
    np.testing.assert_allclose(low, np.nanquantile(100 * data["val"], 0.25, axis=0).min())
    np.testing.assert_allclose(high, np.nanquantile(100 * data["val"], 0.75, axis=0).max())
    assert [a.get_xlabel() for a in figure.axes] == ["", "epoch"]
    assert left.get_ylabel() == "mean negative log-likelihood"
    assert right.get_ylabel() == "validation ROC AUC [%]"
    assert figure.get_suptitle() == "Cora"
    texts = [text.get_text() for text in left.get_legend().get_texts()]
    assert texts == ["training (dropout on)", "validation"]


def test_training_curves_say_what_their_lines_and_bands_are_under_any_title():
    caption = plot.training_curves(curves(3), "accuracy", "Cora").get_supxlabel()
    caption = caption.replace("\n", " ")
    assert caption.startswith("lines: medians over those of the 3 runs that still train")
    assert caption.endswith("bands: their quartiles")
    alone = plot.training_curves(curves(1), "accuracy")
    assert (alone.get_supxlabel(), alone.get_suptitle()) == ("", "")


def test_training_curves_show_a_rate_that_changes():
    rate = np.linspace(1, 0, curves(2)["loss"].shape[1])
    figure = plot.training_curves(curves(2) | {"rate": np.stack([rate, rate])}, "accuracy")
    assert len(plot.training_curves(curves(2), "accuracy").axes) == 2
    np.testing.assert_allclose(figure.axes[2].lines[0].get_ydata(), rate)
    assert figure.axes[2].get_xlabel() == "epoch"


def test_training_curves_name_their_loss():
    left, right = plot.training_curves(curves(2), "r2", loss="mean squared error").axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("mean squared error", "validation r2 [%]")


def test_one_output_is_no_class():
    (axes,) = plot.response_curves(np.linspace(0, 2, 5), np.ones((2, 5, 1)), channel="output").axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["every output"]


def test_exponents_draw_each_path_and_its_selected_epoch():
    data, selected = curves(3), np.array([11, 2, 0])
    (axes,) = plot.exponents(data["alpha"], data["beta"], selected).axes
    for run, chosen in enumerate(selected):
        path, end, dot = axes.lines[3 * run : 3 * run + 3]
        assert np.ravel(end.get_xdata()) == data["alpha"][run, ENDS[run] - 1]
        assert end.get_markerfacecolor() == "white"
        np.testing.assert_array_equal(path.get_xdata(), data["alpha"][run])
        np.testing.assert_array_equal(path.get_ydata(), data["beta"][run])
        assert dot.get_marker() == "o"
        assert np.ravel(dot.get_xdata()) == data["alpha"][run, chosen]
        assert np.ravel(dot.get_ydata()) == data["beta"][run, chosen]
        assert path.get_color() == dot.get_color()
    start = axes.lines[-1]
    assert start.get_label() == "after the first epoch"
    assert np.ravel(start.get_xdata()) == data["alpha"][0, 0]
    assert "alpha" in axes.get_xlabel()
    assert r"$\lambda = 0$" in axes.get_xlabel()
    assert "beta" in axes.get_ylabel()
    assert r"$\lambda = 2$" in axes.get_ylabel()


@pytest.mark.parametrize(
    ("runs", "path"), [(1, "a run"), (3, "a run, each in its colour"), (9, "a run")]
)
def test_exponents_say_what_lines_and_dots_are(runs, path):
    steps = RNG.random((runs, 12))
    (axes,) = plot.exponents(steps, steps, np.zeros(runs, int), "Cora", start=(0.0, 0.5)).axes
    line, dot, end, start = axes.get_legend().legend_handles
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == [path, "its selected epoch", "its last epoch", "start"]
    assert [h.get_marker() for h in (line, dot, end, start)] == ["None", "o", "o", "+"]


def test_exponents_begin_at_the_true_start():
    data, selected = curves(3), np.array([11, 2, 0])
    (axes,) = plot.exponents(data["alpha"], data["beta"], selected, start=(1.0, -0.5)).axes
    for run, chosen in enumerate(selected):
        path, _, dot = axes.lines[3 * run : 3 * run + 3]
        np.testing.assert_array_equal(path.get_xdata(), [1.0, *data["alpha"][run]])
        np.testing.assert_array_equal(path.get_ydata(), [-0.5, *data["beta"][run]])
        assert np.ravel(dot.get_xdata()) == data["alpha"][run, chosen]
    assert [float(x[0]) for x in axes.lines[-1].get_data()] == [1.0, -0.5]


def test_no_global_figure_is_left():
    import matplotlib.pyplot as plt

    for draw in FIGURES.values():
        draw(2)
    assert plt.get_fignums() == []


def test_dataset_at_a_glance():
    degrees, counts = np.array([0, 1, 1, 2, 8]), np.array([3, 2])
    mixing = np.array([[0.75, 0.25], [0.5, 0.5]])
    figure = plot.dataset(degrees, counts, mixing, DENSITY, "toy")
    degree, classes, neighbours, spectrum, colours = figure.axes
    assert sum(bar.get_height() for bar in degree.patches) == 4  # the isolated one is in the title
    assert degree.get_title() == "and 1 isolated nodes"
    assert (degree.get_xscale(), degree.get_yscale()) == ("log", "log")
    assert [bar.get_height() for bar in classes.patches] == [3, 2]
    np.testing.assert_array_equal(neighbours.images[0].get_array(), 100 * mixing)
    assert neighbours.images[0].get_clim() == (0, 75)
    assert [text.get_text() for text in neighbours.texts] == ["75", "25", "50", "50"]
    np.testing.assert_array_equal(spectrum.patches[0].get_data().values, 100 * DENSITY[1])
    words = [(a.get_xlabel(), a.get_ylabel()) for a in (degree, classes, neighbours, spectrum)]
    assert all(x and y for x, y in words)
    assert colours.get_ylabel() == "share of neighbours [%]"
    assert figure.get_suptitle() == "toy"
    assert png(figure)


def test_dataset_of_real_values():
    labels, joined = RNG.normal(size=30), RNG.normal(size=(2, 50))
    figure = plot.valued_dataset(np.array([0, 1, 1, 2, 8]), labels, joined, DENSITY, "toy")
    degree, values, neighbours, spectrum, colours = figure.axes
    assert sum(bar.get_height() for bar in degree.patches) == 4
    assert sum(bar.get_height() for bar in values.patches) == 30
    drawn = neighbours.collections[0].get_array()
    assert np.nansum(drawn) == 50
    assert neighbours.get_ylim() == (
        joined[0].min(),
        joined[0].max(),
    )  # the node, not its neighbour
    np.testing.assert_array_equal(spectrum.patches[0].get_data().values, 100 * DENSITY[1])
    assert (values.get_xlabel(), colours.get_ylabel()) == ("label", "pairs per cell")
    assert neighbours.get_ylabel() == "label of the node"
    assert png(figure)


@pytest.mark.parametrize("degree", [1, 2, 0.3])
def test_degrees_of_a_regular_graph_are_one_bar(degree):
    degrees = np.array([0, degree, degree, degree * (1 + 1e-12)])
    figure = plot.dataset(degrees, np.array([4]), np.ones((1, 1)), DENSITY)
    (bar,) = figure.axes[0].patches
    assert bar.get_height() == 3
    np.testing.assert_allclose(bar.get_x() + bar.get_width() / 2, degree)
    left, right = figure.axes[0].get_xlim()
    assert left < bar.get_x() < bar.get_x() + bar.get_width() < right
    assert (figure.axes[0].get_ylabel(), figure.axes[0].get_xlabel()) == ("nodes", "degree")
    assert figure.axes[0].get_title() == "and 1 isolated nodes"
    assert png(figure)


def test_dataset_without_edges():
    none = np.zeros(3), np.array([2, 1]), np.zeros((2, 2)), DENSITY
    assert png(plot.dataset(*none))
    assert png(plot.valued_dataset(np.zeros(3), np.array([2.0, 1.5]), np.zeros((2, 0)), DENSITY))


def test_response_of_many_channels_shows_them_and_their_median():
    lam, values = np.linspace(0, 2, 5), np.random.default_rng(0).normal(size=(3, 5, 30))
    (axes,) = plot.response_curves(lam, values, channel="channel").axes
    (thick,) = [line for line in axes.lines if not line.get_label().startswith("_")]
    assert thick.get_label() == "median of 30 channels"
    of_runs = np.median(values, axis=0)
    np.testing.assert_allclose(thick.get_ydata(), np.median(of_runs, axis=1))
    thin = [line for line in axes.lines if line.get_color() == "#bbbbbb"]
    np.testing.assert_allclose(np.stack([line.get_ydata() for line in thin], 1), of_runs)


def test_response_that_all_classes_share():
    (axes,) = plot.response_curves(np.linspace(0, 2, 5), np.ones((2, 5, 1))).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["every class"]


@pytest.mark.parametrize("density", [None, DENSITY])
def test_more_than_six_classes_have_panels_of_their_own(density):
    values = RNG.normal(size=(3, 21, 8))
    figure = plot.response_curves(LAM, values, density, "Cora")
    panels = figure.axes[:8]
    assert len(figure.axes) == (8 if density is None else 9)
    for c, axes in enumerate(panels):
        assert axes.get_title().startswith(f"class {c}: ")
        (own,) = [line for line in axes.lines if line.get_label() == f"class {c}"]
        np.testing.assert_allclose(own.get_ydata(), np.median(values[:, :, c], axis=0))
        grey = [line for line in axes.lines if line.get_color() == "#cccccc"]
        assert len(grey) == 8
        assert axes.get_ylim() == panels[0].get_ylim()
    words = figure.get_supxlabel() if density is None else figure.axes[-1].get_xlabel()
    assert "eigenvalue of L" in words


def test_captions_say_what_kind_each_filter_is():
    three = np.stack([2 - LAM, LAM, (1 - LAM) ** 2], 1)[None]
    caption = plot.response_curves(LAM, three).get_supxlabel().replace("\u00a0", " ")
    assert caption == "class 0: low-pass, class 1: high-pass, class 2: band-stop"
    assert plot.response_curves(LAM, three[..., :1]).get_supxlabel() == "low-pass"
    # alike where the graph has eigenvalues, below lambda = 1
    cut = plot.response_curves(LAM, three[..., :1] + 2, DENSITY).get_supxlabel()
    assert cut.startswith("all-pass")
    many = np.concatenate([three] * 10, axis=2)
    caption = plot.response_curves(LAM, many).get_supxlabel()
    assert caption == "10 low-pass, 10 high-pass, 10 band-stop"


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_as_wide_as_a_phone_shows_them(name):
    assert FIGURES[name](2).get_size_inches()[0] == 4.8


def test_long_titles_and_captions_are_wrapped():
    title = "Learned filter of a model with a long name on a dataset with a long name, too"
    figure = plot.response_curves(LAM, RNG.normal(size=(2, 21, 6)), title=title)
    lines = [*figure.get_suptitle().split("\n"), *figure.get_supxlabel().split("\n")]
    assert len(lines) > 3
    assert max(map(len, lines)) <= 66
    assert figure.get_suptitle().replace("\n", " ") == title
