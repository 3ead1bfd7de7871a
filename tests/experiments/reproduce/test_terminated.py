"""A terminated reproduction ends the sweep that it started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_terminated_reproduction_ends_its_sweep(tmp_path):
    folders = ["--runs", str(tmp_path / "runs"), "--output", str(tmp_path)]
    arguments = ["-m", "experiments.reproduce", "ablation", "--only", "texas", *folders]
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # of the sweep, which therefore runs
        (sweep,) = _children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    outlived = Path(f"/proc/{sweep}").exists()
    if outlived:
        os.kill(sweep, signal.SIGKILL)
    assert not outlived
    assert not list(tmp_path.glob("*.md"))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
