"""A minute of `python -m tests.fuzz`, in a process that has no thread and no device."""

import subprocess
import sys
from pathlib import Path

import pytest

from .samples import SAMPLES

SECONDS = 60 / len(SAMPLES)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("form", SAMPLES)
def test_damaged_files_are_refused_by_name(form):
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", str(SECONDS), form]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
