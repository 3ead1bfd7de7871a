"""Starts a sweep again and again and kills it; a program, since it forks before jax has threads.

    python -m tests.experiments.sweep.killer KILLS SEED OVERRIDE...

What is imported once is not imported by every child, which is what makes twenty kills cheap. Prints
the kills and what the last, undisturbed start exits with.
"""

import os
import random
import signal
import sys
import time
import traceback

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


def killed(overrides: list[str], seconds: float) -> bool:
    """Whether a start was killed after ``seconds``, rather than having ended before."""
    child = start(overrides)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


if __name__ == "__main__":
    kills, seed, *overrides = sys.argv[1:]
    rng = random.Random(int(seed))
    done = sum(killed(overrides, rng.uniform(0.2, 4.0)) for _ in range(int(kills)))
    _, status = os.waitpid(start(overrides), 0)
    print(f"killed {done}, then {os.waitstatus_to_exitcode(status)}")
