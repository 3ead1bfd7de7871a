"""Figures show the numbers of the results."""

import numpy as np
import pytest
from longnn.experiments.report.contents import illustrated
from longnn.experiments.report.costs import cost_pictures, memory
from longnn.experiments.report.pictures import filter_picture
from longnn.experiments.report.plot_cost import bars
from longnn.experiments.report.plot_scores import Scores, scores
from longnn.experiments.report.plot_search import history, parameters

from longnn.runs.result import read_result
from tests.experiments.report.made import grouped, result, run_of, search, write

PNG = b"\x89PNG\r\n\x1a\n"


def _names(*results):
    sections = illustrated(grouped(*results))
    return [picture.name for section in sections for picture in section.pictures]


def test_a_search_is_drawn_from_nine_runs_on():
    drawn = ["history-longnn-cora-aaaaaaaa.png", "parameters-longnn-cora-aaaaaaaa.png"]
    assert [n for n in _names(*search(9)) if n in drawn] == drawn
    assert not {*_names(*search(8))} & {*drawn}


def test_every_picture_is_a_png():
    sections = illustrated(grouped(*search(9), result(model="mlp")))
    pictures = [picture for section in sections for picture in section.pictures]
    assert all(p.png.startswith(PNG) and p.caption and p.alt for p in pictures)
    assert len({p.name for p in pictures}) == len(pictures)


def test_filter_is_the_runs_own(tmp_path):
    run = read_result(write(tmp_path / "run", result()))
    assert filter_picture(run) is None
    (tmp_path / "run" / "filter.png").write_text("no picture")
    assert filter_picture(run) is None
    (tmp_path / "run" / "filter.png").write_bytes(PNG + b"rest")
    assert filter_picture(run).png == PNG + b"rest"


def test_history_is_the_running_maximum():
    (axes,) = history(np.array([3.0, 1.0, 5.0, 4.0]), "accuracy").axes
    runs, best = axes.lines
    np.testing.assert_array_equal(runs.get_ydata(), [3, 1, 5, 4])
    np.testing.assert_array_equal(best.get_ydata(), [3, 3, 5, 5])
    assert axes.get_ylabel() == "validation accuracy [%]"


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1e-4, 1e-3, 1e-2], "log"),
        ([0.0, 1e-4, 1e-2], "symlog"),
        ([0.0, 0.3, 0.6], "linear"),
        ([-0.5, 0.01, 2.0], "linear"),
        ([np.nan, 1e-3, 1.0], "log"),
        ([0.01, 0.4, 0.8], "linear"),  # a share, not a rate
        ([0.0, 0.0, 0.0], "linear"),
    ],
)
def test_axes_are_logarithmic_over_decades(values, scale):
    (axes,) = parameters({"lr": values}, np.array([1.0, 3.0, 2.0]), "accuracy").axes
    assert axes.get_xscale() == scale
    points, best = axes.lines
    np.testing.assert_array_equal(points.get_xdata(), values)
    assert list(best.get_xdata()) == [values[1]]


def test_scores_have_points_and_interval():
    made = Scores(np.array([80.0, 90.0]), 85.0, 5.0)
    figure = scores({"cora": {"a": made, "b": made}, "x$_": {"a": made}}, "accuracy", "t")
    first, second = figure.axes
    (mean,) = (bar.lines[0] for bar in second.containers)
    assert list(mean.get_xdata()) == [85.0]
    np.testing.assert_array_equal(second.lines[0].get_xdata(), [80, 90])
    assert [label.get_text() for label in first.get_yticklabels()] == ["a", "b"]
    assert len(scores({name: {"m": made} for name in "abc"}, "accuracy").axes) == 3
    (ends,) = second.containers[0].lines[2]
    np.testing.assert_allclose(ends.get_segments()[0][:, 0], [80, 90])


def test_bars_are_stacked():
    parts = {"compile": np.array([1.0, 2.0]), "train": np.array([3.0, 4.0])}
    (axes,) = bars(parts, ["a", "b"], "time [s]", "").axes
    assert [patch.get_x() for patch in axes.patches] == [0, 0, 1, 2]
    assert [text.get_text() for text in axes.texts] == ["4", "6"]


@pytest.mark.parametrize(
    ("recorded", "gigabytes"),
    [
        ({}, None),
        ({"peak_gb": None}, None),
        ({"peak": 3}, None),
        ({"peak_bytes": 2e9}, 2.0),
        ({"host_gb": 1.5, "device_mib": 1024}, 1.5),
    ],
)
def test_memory_by_the_unit_in_its_name(recorded, gigabytes):
    assert memory(run_of({**result(), "memory": recorded})) == gigabytes
    drawn = "memory.png" in _names({**result(), "memory": recorded})
    assert drawn == (gigabytes is not None)


def test_captions_say_what_jobs_of_one_process_share():
    seconds, held = cost_pictures([run_of({**result(), "memory": {"peak_gb": 1.5}})], 1)
    assert "Compilation is shared by jobs of one program" in seconds.caption
    assert held.caption.startswith("The most memory that the process had held when the run ended")
    assert held.alt.startswith("Most gigabytes that the process had held")


def test_words_that_were_searched_are_categories():
    values = {"lr": [0.1, 0.2, 0.3], "embedding": ["mlp", "linear", "mlp"]}
    number, word = parameters(values, np.array([70.0, 71.0, 60.0]), "accuracy", "search").axes
    assert [label.get_text() for label in word.get_xticklabels()] == ["linear", "mlp"]
    np.testing.assert_array_equal(word.lines[0].get_xdata(), [1, 0, 1])
    assert np.ravel(word.lines[1].get_xdata()) == 0  # the star
    np.testing.assert_array_equal(number.lines[0].get_xdata(), values["lr"])


def test_a_search_over_words_alone_is_drawn():
    runs = [result(val=60.0 + i, kind=("a", "b")[i % 2], flag=i > 4) for i in range(10)]
    pictures = [p for section in illustrated(grouped(*runs)) for p in section.pictures]
    (drawn,) = [p for p in pictures if p.name.startswith("parameters")]
    assert "against kind, flag" in drawn.alt
