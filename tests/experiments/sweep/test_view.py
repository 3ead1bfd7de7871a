"""What is shown of a sweep: counts, the best so far, pace."""

import io
import json
import logging
from pathlib import Path

import pytest
from longnn.experiments.sweep import view
from longnn.experiments.sweep.view import Watcher, line, watched
from rich.console import Console

from longnn.runs import attempts
from longnn.runs.attempts import begin, end, tell
from tests.experiments.report.made import result

NAMES = ["one", "two", "three", "four"]


def finish(directory: Path, val: float, epochs: int) -> None:
    directory.mkdir(exist_ok=True)
    content = result(val=val)
    content["per_run"] = [row | {"epochs": epochs} for row in content["per_run"]]
    (directory / "result.json").write_text(json.dumps(content))


@pytest.fixture
def sweep(tmp_path):
    """One done, one running, one failed, one missing."""
    finish(tmp_path / "one", 80.0, 100)
    running, failed = begin(tmp_path / "two"), begin(tmp_path / "three")
    assert running is not None
    assert failed is not None
    tell(running, epochs=50)
    end(failed, "failed", error="ValueError", message="no")
    return tmp_path


def test_counts_and_best(sweep):
    watcher = Watcher(sweep, NAMES)
    seen = watcher.look()
    assert {k: v for k, v in seen.counts.items() if v} == {
        "done": 1,
        "running": 1,
        "failed": 1,
        "missing": 1,
    }
    assert seen.best == {"cora": (80.0, "one")}
    assert seen.epochs == 250
    finish(sweep / "two", 90.0, 100)
    assert watcher.look().best == {"cora": (90.0, "two")}


def test_pace(sweep, monkeypatch):
    clock = iter([0.0, 10.0])
    monkeypatch.setattr(view.time, "monotonic", lambda: next(clock))
    watcher = Watcher(sweep, NAMES)
    watcher.look()
    finish(sweep / "two", 90.0, 175)
    rate, left = watcher.rates(watcher.look())
    assert rate == pytest.approx((200 + 350 - 250) / 10)
    assert left == pytest.approx(10.0), "one job in ten seconds, and one is left"


def test_a_line_says_it_all(sweep):
    watcher = Watcher(sweep, NAMES)
    text = line(watcher, watcher.look())
    assert text.startswith("4 jobs: 1 done, 1 running, 1 failed, 1 missing; ")
    assert "best validation cora 80.00 %" in text


def test_a_table_on_a_terminal_lines_elsewhere(sweep, monkeypatch, caplog):
    monkeypatch.setattr(view, "EVERY", 0.01)
    monkeypatch.setattr(view, "LINE_EVERY", 0.01)
    out = io.StringIO()
    with watched(sweep, NAMES, Console(file=out, force_terminal=True, width=100)) as watcher:
        while "1 failed" not in out.getvalue():
            watcher.look()
    assert "80.00 %" in out.getvalue()
    assert "unknown" not in out.getvalue()
    assert " left" not in out.getvalue(), "no job has ended meanwhile"
    with caplog.at_level(logging.INFO), watched(sweep, NAMES, Console(file=io.StringIO())):
        while "1 failed" not in caplog.text:
            attempts.status(sweep / "one")


def test_a_result_being_read_while_it_is_replaced_is_read_again(sweep):
    (sweep / "four").mkdir()
    (sweep / "four" / "result.json").write_text("{")
    watcher = Watcher(sweep, NAMES)
    assert watcher.look().counts["damaged"] == 1
    finish(sweep / "four", 70.0, 1)
    assert watcher.look().counts["done"] == 2


def test_who_works_where(tmp_path):
    for number in range(15):
        attempt = begin(tmp_path / f"{number:02d}")
        assert attempt is not None
        tell(attempt, host=f"node{number % 2}", epochs=1000 + number, device="GPU [x]")
    names = [f"{number:02d}" for number in range(15)]
    watcher, out = Watcher(tmp_path, names), io.StringIO()
    Console(file=out, width=80).print(view.table(watcher, watcher.look()))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert "node0 00 1,000 GPU [x]" in [" ".join(line.split()) for line in lines]
    assert sum(line.startswith("node") for line in lines) == view.ROWS
    assert lines[-1].strip() == "and 3 more"
