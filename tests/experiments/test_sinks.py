"""Weights & Biases, for real in offline mode: what it wrote is read back."""

import json
import struct
import time
from pathlib import Path

import pytest
from wandb.proto.wandb_internal_pb2 import Record

from tests.experiments.conftest import SMALL, result_of

BLOCK, FULL, LAST = 32768, 1, 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_offline_run_holds_config_and_scores(train, monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    (directory,) = train(*SMALL, "logger=wandb", "logger.group=sweep7")
    result = result_of(directory)
    (folder,) = (directory / "wandb").glob("offline-run-*")
    (file,) = folder.glob("run-*.wandb")
    records = _whole(file)
    (run,) = (r.run for r in records if r.WhichOneof("record_type") == "run")
    assert [r.exit.exit_code for r in records if r.WhichOneof("record_type") == "exit"] == [0]
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


def _whole(file: Path) -> list[Record]:
    """The records once the exit code is among them; wandb's own process writes them."""
    until = time.monotonic() + 30
    while not any(r.WhichOneof("record_type") == "exit" for r in _records(file)):
        assert time.monotonic() < until, "wandb wrote no exit record"
        time.sleep(0.1)
    return _records(file)


def _records(file: Path) -> list[Record]:
    """The records of a .wandb file: LevelDB's log format behind a header of seven bytes."""
    data, position, parts, records = file.read_bytes(), 7, b"", []
    while position + 7 <= len(data):
        if BLOCK - position % BLOCK < 7:  # a header is never split over two blocks
            position += BLOCK - position % BLOCK
            continue
        length, kind = struct.unpack("<HB", data[position + 4 : position + 7])
        parts += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (FULL, LAST):
            records.append(Record.FromString(parts))
            parts = b""
    return records
