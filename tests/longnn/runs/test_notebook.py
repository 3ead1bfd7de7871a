"""How objects look in a notebook: one line, HTML that escapes what files hold, and tables."""

import base64
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import optax
import pytest

import longnn
import polybases
from longnn.analysis import errors_by, reliability, spectral_measure
from longnn.operators import normalized_adjacency
from longnn.training import Problem
from longnn.training.picture import svg_curves
from tests.experiments.report.test_page import HOSTILE, Reader
from tests.longnn.runs.made import change_result, written
from tests.toy import problem

DATA = longnn.data.csbm.generate(nodes=60, phi=-0.75)
SPLITS = longnn.data.splits.stratified(DATA, count=2)


@pytest.fixture(scope="module")
def fit():
    few = longnn.Optim(max_epochs=3)
    return longnn.fit("longnn", DATA, SPLITS, seeds=2, optim=few)


def balanced(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


LINES = {
    "Optim()": longnn.Optim(),
    "Optim(max_epochs=5, transformation=GradientTransformationExtraArgs(...))": longnn.Optim(
        max_epochs=5, transformation=optax.adamw(0.1)
    ),
    "Recurrence(order=4, float64)": polybases.jacobi(4, np.float64(0.5), np.float64(0)),
    "Measure(lam=float64[60], mass=float64[60])": spectral_measure(DATA.graph),
    "Reliability(edges=float64[3], confidence=float64[2], accuracy=float64[2], nodes=int64[2])": (
        reliability(np.array([[0.9, 0.1]]), np.array([0]), 2)
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_objects_are_one_short_line(line):
    assert repr(LINES[line]) == line


@pytest.mark.parametrize("backend", ["csr", "bucketed", "segment_sum"])
def test_operators_are_one_line_whatever_their_leaves(backend):
    import jax

    operator = normalized_adjacency(DATA.graph, backend=backend)
    name = type(operator).__name__
    assert re.fullmatch(rf"{name}\([^\n]{{0,200}}\)", repr(operator))
    assert repr(jax.tree.map(lambda _: None, operator)).startswith(name)
    jax.jit(lambda given: repr(given) and 0)(operator)  # traced leaves have a shape, too


def test_a_problem_and_rates_are_one_line():
    assert isinstance(problem(), Problem)
    assert len(repr(problem())) < 120
    rates = errors_by(np.arange(5), np.zeros(5), 2)
    assert "\n" not in repr(rates)
    assert rates == tuple(rates), "it stays a tuple"


def test_a_fit_as_table(fit):
    found = fit.columns()
    names = ["seed", "split", "val", "test", "epoch", "epochs", "diverged", "alpha", "beta"]
    assert list(found) == names
    assert list(zip(found["seed"], found["split"])) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    np.testing.assert_array_equal(found["test"], fit.score().values)
    np.testing.assert_array_equal(found["alpha"], fit.alpha)
    np.testing.assert_array_equal(found["epoch"], [run["best_epoch"] for run in fit.runs])
    frame = fit.to_frame()
    assert frame.shape == (4, 9)
    assert frame.groupby("split").test.mean().to_dict() == pytest.approx(fit.score().per_split)
    without = replace(fit, labels=None)
    assert list(without.columns()) == [name for name in names if name not in ("val", "test")]


def test_a_run_as_table(tmp_path):
    written(tmp_path, "longnn")
    run = longnn.load(tmp_path)
    frame = run.to_frame()
    assert frame.test.tolist() == [50.0, 60.0]
    assert frame.alpha.tolist() == [0.1, 1.1]
    assert frame.epoch.tolist() == [2, 2]
    assert list(frame.columns[:4]) == ["seed", "split", "val", "test"]
    rows = json.loads((tmp_path / "result.json").read_text())["per_run"]
    rows = [row | {"metrics": {"ece": {"test": float(i)}}} for i, row in enumerate(rows)]
    change_result(tmp_path, per_run=rows)
    assert longnn.load(tmp_path).columns()["test ece"].tolist() == [0.0, 1.0]


def test_without_pandas_the_error_names_both_ways(fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"\.columns\(\).*pip install pandas"):
        fit.to_frame()
    assert fit.columns()["seed"].tolist() == [0, 0, 1, 1]


def picture_in(html):
    ((_, image),) = [tag for tag in balanced(html).tags if tag[0] == "img"]
    head, _, data = image["src"].partition(",")
    assert head == "data:image/svg+xml;base64"
    assert "filter" in image["alt"]
    return ElementTree.fromstring(base64.b64decode(data))


def test_a_fit_in_html(fit):
    html = fit._repr_html_()
    assert "Fit of LonGNN on csbm: 4 runs" in html
    assert "validation accuracy" in html
    assert "test accuracy" not in html, "it is read once, at the end"
    assert len(picture_in(html).findall("{*}polyline")) == 2


def test_a_run_in_html_links_its_page(tmp_path):
    folder = tmp_path / "a <b> & c"
    written(folder, "longnn")
    html = longnn.load(folder)._repr_html_()
    assert "test accuracy 55.00 &#177; 63.53 %" in html
    assert "longnn report &#x27;" in html
    assert not {"a", "b"} & {tag for tag, _ in balanced(html).tags}
    picture_in(html)
    (folder / "report.html").touch()
    html = longnn.load(folder)._repr_html_()
    ((_, link),) = [tag for tag in balanced(html).tags if tag[0] == "a"]
    assert Path(unquote(link["href"])) == folder / "report.html"


def test_names_from_files_stay_text_in_html(tmp_path):
    written(tmp_path, "longnn")
    change_result(tmp_path, dataset=HOSTILE, model=HOSTILE, metric="accuracy")
    reader = balanced(longnn.load(tmp_path)._repr_html_())
    assert {tag for tag, _ in reader.tags} <= {"div", "strong", "br", "img", "code"}
    assert f"Run of {HOSTILE} on {HOSTILE}" in reader.text


def test_a_model_without_filter_has_no_picture(tmp_path):
    written(tmp_path, "mlp")
    assert "<img" not in longnn.load(tmp_path)._repr_html_()


def test_curves_are_drawn_to_scale():
    x, values = np.linspace(0, 2, 5), np.array([[0.0, 1, 2, 3, 4], [-4, 0, 0, 0, 0]])
    drawn = ElementTree.fromstring(svg_curves(x, values, "<x>"))
    lines = [
        np.array([point.split(",") for point in line.get("points").split()], float)
        for line in drawn.findall("{*}polyline")
    ]
    for line, row in zip(lines, values, strict=True):
        ups = np.corrcoef(line[:, 1], row)[0, 1]
        assert ups == pytest.approx(-1), "up is less in SVG"
        assert np.corrcoef(line[:, 0], x)[0, 1] == pytest.approx(1)
    heights = np.concatenate([line[:, 1] for line in lines])
    np.testing.assert_allclose(np.ptp(heights), np.ptp(lines[0][:, 1]) * 2, rtol=1e-2)
    texts = [text.text for text in drawn.findall("{*}text")]
    assert texts == ["4", "-4", "0", "2", "<x>"]
    flat = svg_curves(x, np.zeros((1, 5)), "")
    assert "nan" not in flat
