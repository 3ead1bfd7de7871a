"""The benchmark of the start of a run, on a tiny one; nothing is asserted about speed."""

import subprocess
import sys
import time

import pytest

from benchmarks.start import LOOP, OUTSIDE, PARTS, Clock, _median
from tests.experiments.conftest import SMALL


def test_a_part_does_not_count_what_is_spent_in_others(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    clock = Clock(time.time())

    def spend(seconds: float) -> None:
        now[0] += seconds

    inner = clock.timed("inner", lambda: spend(4.0))

    def outer() -> None:
        spend(1.0)
        inner()
        spend(2.0)

    clock.timed("outer", outer)()
    clock.turn()
    assert (clock.wall["inner"], clock.wall["outer"], clock.wall["the rest"]) == (4.0, 3.0, 0.0)


def test_all_but_the_loop():
    runs = [{"wall": {LOOP: 5.0, "imports": each, "figures": 1.0}} for each in (1.0, 3.0, 8.0)]
    assert _median(runs, "wall", OUTSIDE) == 4.0
    assert _median(runs, "wall", "outputs and scores") == 0.0


@pytest.mark.slow
def test_table_and_names():
    overrides = [*SMALL[1:], "dataset.nodes=400"]  # so many that its spectrum takes a moment
    command = [sys.executable, "-m", "benchmarks.start", *overrides, "--warm", "1", "--names"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:1] == "|"]
    seconds = {name: list(map(float, values)) for name, *values in rows[2:]}
    assert list(seconds) == [*PARTS, OUTSIDE]
    missing = {name for name, (cold, *_) in seconds.items() if cold == 0}
    assert missing == set(), "a part is named after functions that are no longer called"
    assert "run_chunk" in text.partition("Calls of the compiler")[2]
