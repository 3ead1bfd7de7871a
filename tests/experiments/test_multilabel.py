"""Several labels a node through the entry points: files of a run, opened again; a report."""

import re

import numpy as np
import pytest
from longnn.experiments.data import main as data_command
from longnn.experiments.report.__main__ import main as report
from sklearn.metrics import roc_auc_score

import longnn
from tests.experiments.conftest import result_of

N, C = 60, 3
SMALL = (
    *("dataset=npz", "dataset.path=mine.npz", "dataset.metric=multilabel_roc_auc", "split=random"),
    *("split.count=2", "optim.max_epochs=12", "chunk=5", "model=mlp"),
)


@pytest.fixture
def labels(tmp_path):
    """Writes mine.npz: three labels a node; of node 0 none is known."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, 4))
    given = (features[:, :C] > 0).astype(np.int64)
    given[0] = -1
    edges = rng.integers(0, N, (150, 2))
    np.savez(tmp_path / "mine.npz", edges=edges, features=features, labels=given)
    return given


@pytest.mark.slow
def test_files_of_a_run_and_its_report(train, labels, tmp_path, capsys):
    (directory,) = train(*SMALL)
    result = result_of(directory)
    assert (result["metric"], result["class_names"]) == ("multilabel_roc_auc", ["0", "1", "2"])
    with np.load(directory / "predictions.npz") as saved:
        probabilities, part = saved["probabilities"], saved["part"]
    assert probabilities.shape == (2, N, C)
    for row, run in zip(probabilities, result["per_run"], strict=True):
        mask = part[run["split"]] == 2
        assert run["test"] == pytest.approx(100 * roc_auc_score(labels[mask], row[mask]), rel=1e-4)
    run = longnn.load(directory)
    np.testing.assert_allclose(run.fit.probabilities, probabilities, rtol=1e-5)
    found = run.predict()
    np.testing.assert_allclose(found, probabilities.mean(axis=0), rtol=1e-4)
    assert list(found.columns()) == ["node", "P(0)", "P(1)", "P(2)"]
    with pytest.raises(ValueError, match="several labels a node, which have no predicted class"):
        found.abstain(0.5)
    report([str(tmp_path / "runs"), "--output", str(tmp_path / "report")])
    assert f"| {result['test']['mean']:.2f} +- " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["split=stratified"], "stratified' needs one class a node.*use split=random"),
        (["dataset.metric=accuracy"], "need metric multilabel_micro_f1 or"),
    ],
)
def test_bad_settings_are_explained(train, labels, capsys, overrides, message):
    with pytest.raises(SystemExit, match="2"):
        train(*SMALL, *overrides)
    assert re.search(f"error: .*{message}", capsys.readouterr().err)


def test_the_data_are_shown(labels, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ("dataset.path=mine.npz", "dataset.metric=multilabel_roc_auc")
    assert data_command(["show", "npz", *given]) == 0
    assert re.search(rf"nodes with label 1 +{(labels[:, 1] == 1).sum()}\n", capsys.readouterr().out)
    assert (tmp_path / "npz.png").stat().st_size > 5_000
