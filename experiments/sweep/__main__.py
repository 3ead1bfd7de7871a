"""``longnn sweep status|resume|watch DIR``: where a sweep stands, and on with it."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from . import manifest
from .manifest import Manifest
from .state import OPEN, JobState, counted, job_state, summary
from .view import EVERY, watched


def states_of(directory: Path, sweep: Manifest) -> list[JobState]:
    """State of each job of a sweep, of those too that a search has not asked for yet."""
    states = [job_state(directory, name, overrides) for name, overrides in sweep.jobs.items()]
    to_come = max((sweep.trials or 0) - len(states), 0)
    return states + [JobState("", [], "missing")] * to_come


def status(directory: Path) -> int:
    """Prints where every sweep of a directory stands; 1 where a job failed."""
    failed = False
    for sweep in manifest.read(directory).values():
        states = states_of(directory, sweep)
        print(manifest.command(sweep.command))
        print(summary(directory, states), end="\n\n")
        failed |= any(state.status == "failed" for state in states)
    return int(failed)


def resume(directory: Path, *, failed: bool) -> int:
    """Starts the command of every sweep that is not done again; it runs the missing jobs alone."""
    wanted = (*OPEN, "failed") if failed else OPEN
    code = 0
    for sweep in manifest.read(directory).values():
        states = states_of(directory, sweep)
        if not any(state.status in wanted for state in states):
            print(f"nothing to do: {counted(states)}")
            continue
        overrides = [f"hydra.sweep.dir={directory}", f"hydra.sweeper.retry_failed={failed}"]
        command = [sys.executable, "-m", "experiments.train", *sweep.command, *overrides]
        code = subprocess.run(command, check=False).returncode or code
    return code


def watch(directory: Path) -> int:
    """Shows all sweeps of a directory until no job is running."""
    names = [name for sweep in manifest.read(directory).values() for name in sweep.jobs]
    with watched(directory, names) as watcher:
        while watcher.look().counts["running"]:
            time.sleep(EVERY)
    return status(directory)


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="longnn sweep", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("status", "how many jobs are done, running, failed, missing"),
        ("resume", "run the jobs that are missing or were killed"),
        ("watch", "a live view, from any terminal"),
    ):
        sub = commands.add_parser(name, help=help_text)
        sub.add_argument("directory", type=Path, help="hydra.sweep.dir of the sweep")
        if name == "resume":
            sub.add_argument("--failed", action="store_true", help="also those that failed")
    options = parser.parse_args(arguments)
    try:
        if options.command == "resume":
            return resume(options.directory, failed=options.failed)
        return {"status": status, "watch": watch}[options.command](options.directory)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
