"""Regression through the entry points: files, figures, and a report of negative scores."""

import re

import numpy as np
import pytest
from longnn.experiments.report.__main__ import main as report
from longnn.experiments.report.contents import illustrated

from longnn import plot
from tests.experiments.conftest import result_of
from tests.experiments.report.made import grouped, search

N = 60
SMALL = (
    *("dataset=npz", "dataset.path=mine.npz", "dataset.metric=r2", "split=random"),
    *("split.count=2", "optim.max_epochs=12", "chunk=5"),
)


@pytest.fixture
def labels(tmp_path):
    """Writes mine.npz: values that have nothing to do with the graph, three missing."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=N).astype(np.float32)
    values[:3] = np.nan
    edges, features = rng.integers(0, N, (150, 2)), rng.normal(size=(N, 4))
    np.savez(tmp_path / "mine.npz", edges=edges, features=features, labels=values)
    return values


@pytest.mark.slow
def test_scores_are_those_of_the_recorded_values(train, labels, monkeypatch):
    drawn, draw = [], plot.training_curves
    monkeypatch.setattr(plot, "training_curves", lambda *a: drawn.append(draw(*a)) or drawn[-1])
    (directory,) = train(*SMALL)
    result = result_of(directory)
    assert (result["metric"], result["split"]) == ("r2", "random")
    with np.load(directory / "predictions.npz") as saved:
        assert set(saved) == {"values", "part"}
        values, part = saved["values"], saved["part"]
    assert values.shape == (2, N)
    for row, run in zip(values, result["per_run"], strict=True):
        for name, code in (("val", 1), ("test", 2)):
            mask = part[run["split"]] == code
            exact = 1 - np.mean((row - labels)[mask] ** 2) / np.var(labels[mask])
            assert run[name] == pytest.approx(100 * exact, rel=1e-4)
    assert drawn[0].axes[0].get_ylabel() == "mean squared error"
    assert (directory / "curves.png").exists()


@pytest.mark.slow
def test_report_of_negative_scores(train, labels, tmp_path, capsys):
    directories = train("-m", *SMALL, "model=longnn,mlp", "figures=false")
    means = [result_of(d)["test"]["mean"] for d in directories]
    assert max(means) < 0
    report([str(tmp_path / "runs"), "--output", str(tmp_path / "report")])
    out = capsys.readouterr().out
    for mean in means:
        assert f"| {mean:.2f} +- " in out
    (drawn,) = (tmp_path / "report" / "figures").glob("scores-random-*-r2.png")
    assert drawn.stat().st_size > 5_000


def test_a_search_among_negative_scores_is_drawn():
    found = search(9)
    for result in found:
        result["metric"] = "r2"
        result["val"]["mean"] -= 1000
        for row in result["per_run"]:
            row["val"] -= 1000
    pictures = [p for section in illustrated(grouped(*found)) for p in section.pictures]
    alt = next(p.alt for p in pictures if p.name.startswith("history"))
    assert alt.startswith("Validation r2 of 9 runs, from -936.0 % to -930.0 %, reached by run 3")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["split=stratified"], "stratified' needs one class a node.*use split=random"),
        (["dataset.metric=accuracy"], "whole number.* or use metric r2"),
    ],
)
def test_bad_settings_are_explained(train, labels, capsys, overrides, message):
    with pytest.raises(SystemExit, match="2"):
        train(*SMALL, *overrides)
    assert re.search(f"error: .*{message}", capsys.readouterr().err)
