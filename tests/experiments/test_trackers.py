"""TensorBoard and MLflow: what they wrote is read back; a missing package is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest
from longnn.experiments.config.loggers import NEEDS, installed
from longnn.experiments.jobs.mlflow_sink import to_mlflow
from longnn.experiments.jobs.sinks import Ended
from longnn.experiments.jobs.tensorboard_sink import to_tensorboard
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.experiments.conftest import SMALL, result_of

QUICK = (*SMALL, "model=mlp", "figures=false")
CURVES = {
    "loss": np.array([[2.0, 1.0], [4.0, np.nan]]),
    "val": np.array([[0.5, 0.75], [0.5, np.nan]]),
}
CONFIG = {"seed": 0, "model": {"dropout": 7.0, "sizes": [1, 2], "none": {}}}


def job(folder, status, **content):
    folder.mkdir(exist_ok=True)
    return Ended(folder, status, CONFIG, "0" * 64, "search3", **content)


def events(folder):
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


def text_of(found, tag):
    return found.Tensors(tag)[0].tensor_proto.string_val[0].decode()


def test_tensorboard_of_a_pruned_job_and_again(tmp_path):
    """Written twice, each epoch is there once."""
    for _ in range(2):
        to_tensorboard(job(tmp_path, "pruned", curves=CURVES))
    found = events(tmp_path)
    assert [(e.step, e.value) for e in found.Scalars("loss")] == [(1, 3.0), (2, 1.0)]
    assert [e.value for e in found.Scalars("val")] == [0.5, 0.75]
    assert text_of(found, "status") == "pruned"
    assert "dropout: 7.0" in text_of(found, "config")
    assert "tensorflow" not in sys.modules
    assert "torch" not in sys.modules


def test_tensorboard_of_a_failed_job(tmp_path):
    to_tensorboard(job(tmp_path, "failed", error=ValueError("dropout must lie in [0, 1)")))
    found = events(tmp_path)
    assert found.Tags()["scalars"] == []
    assert text_of(found, "status") == "failed ValueError dropout must lie in [0, 1)"


@pytest.mark.slow
def test_tensorboard_of_a_run(train):
    (directory,) = train(*SMALL, "logger=tensorboard", "metrics=[macro_f1]")
    result, found = result_of(directory), events(directory)
    assert found.Scalars("scores/test_mean")[0].value == pytest.approx(result["test"]["mean"])
    recorded = np.mean([row["metrics"]["macro_f1"]["val"] for row in result["per_run"]])
    assert found.Scalars("scores/val_macro_f1")[0].value == pytest.approx(recorded, rel=1e-6)
    with np.load(directory / "curves.npz") as curves:
        exact = np.nanmean(curves["loss"], axis=0)
    assert [e.value for e in found.Scalars("loss")] == pytest.approx(exact.tolist())
    images = found.Tags()["images"]
    assert set(images) == {figure.stem for figure in directory.glob("*.png")}
    assert found.Images("curves")[0].encoded_image_string == (directory / "curves.png").read_bytes()


def runs_in(folder):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    number = client.get_experiment_by_name("longnn").experiment_id
    return client, client.search_runs([number])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")  # of MLflow's own
def test_mlflow_of_jobs_by_hand(tmp_path):
    """A job that is repeated replaces its run, one that failed is FAILED."""
    folder = tmp_path / "run"
    for _ in range(2):
        to_mlflow(job(folder, "pruned", curves=CURVES))
    failing = job(tmp_path / "other", "failed", error=ValueError("wrong"))
    to_mlflow(failing._replace(identity="1" * 64))
    client, found = runs_in(tmp_path)
    by_name = {run.info.run_name: run for run in found}
    assert by_name.keys() == {"run", "other"}
    pruned, failed = by_name["run"], by_name["other"]
    assert (pruned.info.status, failed.info.status) == ("KILLED", "FAILED")
    assert (failed.data.tags["error"], failed.data.tags["message"]) == ("ValueError", "wrong")
    model = {"model.dropout": "7.0", "model.sizes": "[1, 2]", "model.none": "{}"}
    assert pruned.data.params == {"seed": "0"} | model
    history = client.get_metric_history(pruned.info.run_id, "loss")
    assert sorted((m.step, m.value) for m in history) == [(1, 3.0), (2, 1.0)]
    assert (pruned.data.tags["sweep"], pruned.data.tags["status"]) == ("search3", "pruned")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")  # of MLflow's own
def test_mlflow_of_a_run(train, tmp_path):
    (directory,) = train(*QUICK, "logger=mlflow", "metrics=[macro_f1]")
    result = result_of(directory)
    client, (run,) = runs_in(tmp_path / "runs")
    assert (run.info.status, run.info.run_name) == ("FINISHED", directory.name)
    assert run.data.metrics["test_mean"] == pytest.approx(result["test"]["mean"])
    assert run.data.metrics["test_n"] == 2
    assert "test_macro_f1" in run.data.metrics
    assert run.data.params["optim.max_epochs"] == str(result["config"]["optim"]["max_epochs"])
    with np.load(directory / "curves.npz") as curves:
        exact = np.nanmean(curves["loss"], axis=0)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [m.value for m in sorted(history, key=lambda m: m.step)] == pytest.approx(exact.tolist())


@pytest.mark.parametrize("logger", ["wandb", "tensorboard", "mlflow"])
def test_a_missing_package_is_refused_before_training(train, monkeypatch, capsys, tmp_path, logger):
    """Also where a folder of its name stands in the current directory, as wandb makes one."""
    (tmp_path / logger).mkdir()
    monkeypatch.chdir(tmp_path)
    kept = [path for path in sys.path if path and "site-packages" not in path]
    before = {name: m for name, m in sys.modules.items() if name.partition(".")[0] == logger}
    for name in before:
        monkeypatch.delitem(sys.modules, name)
    with monkeypatch.context() as without:
        without.setattr(sys, "path", [str(tmp_path), *kept])
        assert not installed(logger)
    assert installed(logger)
    monkeypatch.setattr("longnn.experiments.config.loggers.installed", lambda name: name != logger)
    with pytest.raises(SystemExit, match="2"):
        train(*QUICK, f"logger={logger}")
    said = capsys.readouterr().err
    assert f'logger={logger} needs the package {logger}: pip install "longnn[{logger}]"' in said
    assert not list((tmp_path / "runs").glob("*/result.json"))


def test_every_logger_says_what_it_needs():
    files = (Path(__file__).parents[2] / "conf" / "logger").glob("*.yaml")
    named = {OmegaConf.load(file)["_target_"] for file in files}
    assert named - {"longnn.experiments.jobs.sinks.no_sink"} == set(NEEDS)
