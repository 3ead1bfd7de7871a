"""Nothing is left of an engine, whatever ended the process that started it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .engine import ROOT, until
from .guard import VARIABLE, marked

pytestmark = pytest.mark.engines

ENDS = {
    "slurm": (signal.SIGKILL, 'sbatch --output=/dev/null --wrap "sleep 1000" && sleep 1'),
    "postgres": (signal.SIGINT, "true"),
    "ray": (signal.SIGTERM, "true"),
}


def command(engine: str, script: str) -> list[str]:
    return [sys.executable, "-m", f"tests.engines.{engine}", "--", "sh", "-c", script]


@pytest.mark.parametrize("engine", ENDS)
def test_nothing_is_left(engine, tmp_path):
    number, first = ENDS[engine]
    told, log = tmp_path / "told", tmp_path / "log"
    script = f'{first}; echo "${VARIABLE}" > {told}.new && mv {told}.new {told}; sleep 1000'
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(engine, script), cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )
    try:
        until(told.exists, 60, log.read_text)
        name = told.read_text().strip()
        assert len(marked(f"{VARIABLE}={name}")) > 3
    finally:
        process.send_signal(number)
        process.wait()
    assert process.returncode != 0
    until(lambda: not Path("/tmp", name).exists(), 20, log.read_text)
    assert marked(f"{VARIABLE}={name}") == []


def test_the_exit_code_is_that_of_the_command():
    assert subprocess.run(command("postgres", "exit 3"), cwd=ROOT).returncode == 3
