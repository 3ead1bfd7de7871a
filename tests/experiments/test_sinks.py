"""Weights & Biases, for real in offline mode: what it wrote is read back."""

import json

import pytest

from tests.experiments.conftest import SMALL, result_of


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_offline_run_holds_config_and_scores(train, monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    (directory,) = train(*SMALL, "logger=wandb", "logger.group=sweep7")
    result = result_of(directory)
    (folder,) = (directory / "wandb").glob("offline-run-*")
    (file,) = folder.glob("run-*.wandb")
    records = _records(file)
    (run,) = (r.run for r in records if r.WhichOneof("record_type") == "run")
    assert (run.run_group, run.display_name) == ("sweep7", directory.name)
    config = {update.key: json.loads(update.value_json) for update in run.config.update}
    assert config["model"]["order"] == 10
    summary = {
        (item.key or ".".join(item.nested_key)): json.loads(item.value_json)
        for record in records
        for item in record.summary.update
    }
    assert summary["test_mean"] == pytest.approx(result["test"]["mean"])
    losses = [
        item
        for record in records
        for item in record.history.item
        if (item.key or ".".join(item.nested_key)) == "loss"
    ]
    assert len(losses) == max(r["epochs"] for r in result["per_run"])


def _records(file) -> list:
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal import datastore

    store = datastore.DataStore()
    store.open_for_scan(str(file))
    records = []
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        records.append(record)
    return records
