"""Starts a sweep again and again and kills it; a program, since it forks before jax has threads.

    python -m tests.experiments.sweep.killer KILLS SEED DIRECTORY OVERRIDE...

What is imported once is not imported by every child, which is what makes twenty kills cheap. The
seconds until a kill count from the start, and for every second one from the first attempt of that
start at a job, so that some hit a job however long a start takes. Prints the kills and what the
last, undisturbed start exits with.
"""

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import flax.nnx
import jax.numpy
import matplotlib.figure
import scipy.stats
from longnn.experiments.jobs import run, single
from longnn.experiments.sweep import together
from longnn.experiments.train import main

assert all((flax.nnx, jax.numpy, matplotlib.figure, scipy.stats, run, single, together))


def start(overrides: list[str]) -> int:
    """A child process that runs the sweep."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        sys.argv = ["longnn train", *overrides]
        main()
        code = 0
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def attempts(directory: Path) -> int:
    """How many attempts there have been at the jobs of a sweep."""
    return len(list(directory.glob("*/attempt-*.json")))


def killed(directory: Path, overrides: list[str], seconds: float, from_attempt: bool) -> bool:
    """Whether a start was killed after ``seconds``, rather than having ended before."""
    before = attempts(directory)
    child = start([*overrides, f"hydra.sweep.dir={directory}"])
    waiting, since = from_attempt, time.monotonic()
    while waiting or time.monotonic() < since + seconds:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        if waiting and attempts(directory) > before:
            waiting, since = False, time.monotonic()
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


if __name__ == "__main__":
    kills, seed, folder, *overrides = sys.argv[1:]
    rng, directory = random.Random(int(seed)), Path(folder)
    done = sum(
        killed(directory, overrides, rng.uniform(0.2, 4.0), number % 2 == 1)
        for number in range(int(kills))
    )
    _, status = os.waitpid(start([*overrides, f"hydra.sweep.dir={directory}"]), 0)
    print(f"killed {done}, then {os.waitstatus_to_exitcode(status)}")
