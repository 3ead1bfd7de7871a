"""Metrics beside the score: result.json, reports, and what an opened run says."""

import csv
import io

import numpy as np
import pytest
from longnn.experiments.report.blocks import block
from longnn.experiments.report.csvfile import csv_text
from longnn.experiments.report.runs import benchmark_of
from sklearn import metrics as sk

import longnn
from longnn.runs.result import read_result
from tests.experiments.conftest import SMALL, result_of

QUICK = (*SMALL, "model=mlp", "figures=false")
ORACLES = {
    "macro_f1": lambda p, y: 100 * sk.f1_score(y, p.argmax(1), average="macro"),
    "log_loss": lambda p, y: sk.log_loss(y, p / p.sum(1, keepdims=True), labels=[0, 1]),
}


def test_metrics_are_recorded_for_every_run_and_part(train):
    """And the training is that of a run without them."""
    (plain,) = train(*QUICK, "hydra.run.dir=plain")
    train(*QUICK, "metrics=[macro_f1,log_loss]", "hydra.run.dir=with")
    directory = plain.with_name("with")
    result, before = result_of(directory), result_of(plain)
    assert result["identity"] == before["identity"]
    assert [row["test"] for row in result["per_run"]] == [row["test"] for row in before["per_run"]]
    assert "metrics" not in before["per_run"][0]
    run = longnn.load(directory)
    labels = run.dataset().labels
    for number, row in enumerate(result["per_run"]):
        for code, part in enumerate(("train", "val", "test")):
            mask = run.part[row["split"]] == code
            for name, oracle in ORACLES.items():
                exact = oracle(np.exp(run.outputs[number][mask].astype(float)), labels[mask])
                assert row["metrics"][name][part] == pytest.approx(exact, rel=1e-4)
    recorded = [row["metrics"]["macro_f1"]["test"] for row in result["per_run"]]
    assert run.score("test", "macro_f1").values.tolist() == recorded
    again = longnn.load(plain).score("test", "macro_f1").values
    np.testing.assert_allclose(again, recorded, rtol=1e-5)
    trained = longnn.load(plain).score("train")
    assert (trained.metric, trained.n) == ("accuracy", 2)
    found = read_result(directory)
    assert found.metrics["macro_f1"]["test"].mean == pytest.approx(np.mean(recorded))
    _check_reports(found, read_result(plain))


def _check_reports(found, plain):
    (line,) = csv.DictReader(io.StringIO(csv_text([found])))
    mean = found.metrics["log_loss"]["val"].mean
    assert float(line["log_loss_val_mean"]) == pytest.approx(mean)
    rows = list(csv.DictReader(io.StringIO(csv_text([found], per_run=True))))
    assert float(rows[1]["macro_f1_train"]) == found.per_run[1].metrics["macro_f1"]["train"]
    table = block(benchmark_of(found), [found, plain])
    assert table.header[7:9] == ("test macro_f1", "test log_loss")
    assert [row[7] for row in table.rows] == [str(found.metrics["macro_f1"]["test"]), "-"]
    assert table.notes[-1] == "log_loss: in nats, not in percent."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[f1]", "unknown metric of metrics: 'f1'"),
        ("macro_f1", "metrics must be a list such as"),
        ("[r2]", "metrics has r2, which is of values, but the metric accuracy"),
    ],
)
def test_what_is_refused_before_training(train, capsys, given, message):
    with pytest.raises(SystemExit, match="2"):
        train(*QUICK, f"metrics={given}")
    assert message in capsys.readouterr().err
