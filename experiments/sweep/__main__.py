"""Says where a sweep stands, resumes it, or watches it.

DIR is the directory of a sweep (hydra.sweep.dir), such as the one that
longnn train -m prints at its end.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from . import manifest
from .manifest import Manifest
from .state import OPEN, JobState, counted, job_state, summary
from .view import EVERY, watched

EXAMPLES = """examples:
  longnn train -m dataset=texas,cornell seed=0,1 hydra.sweep.dir=runs/two
                                     start a sweep of four jobs
  longnn sweep status runs/two       how many are done, running, failed
  longnn sweep watch runs/two        the same, live
  longnn sweep resume runs/two       run those that are missing or were killed"""


def states_of(directory: Path, sweep: Manifest) -> list[JobState]:
    """The state of each job of a sweep, those included that a search has not asked for yet."""
    states = [job_state(directory, name, overrides) for name, overrides in sweep.jobs.items()]
    to_come = max((sweep.trials or 0) - len(states), 0)
    return states + [JobState("", [], "missing")] * to_come


def status(directory: Path) -> int:
    """Prints where every sweep of a directory stands; returns 1 if a job failed, else 0."""
    failed = False
    for sweep in manifest.read(directory).values():
        states = states_of(directory, sweep)
        print(manifest.command(sweep.command))
        print(summary(directory, states), end="\n\n")
        failed |= any(state.status == "failed" for state in states)
    return int(failed)


def resume(directory: Path, *, failed: bool) -> int:
    """Starts the command of each unfinished sweep again, which runs only the jobs that are missing.

    Args:
        directory: of the sweeps.
        failed: whether jobs that failed are run again too.

    Returns:
        The exit code of the last sweep that ended with an error, else 0.
    """
    wanted = (*OPEN, "failed") if failed else OPEN
    code = 0
    for sweep in manifest.read(directory).values():
        states = states_of(directory, sweep)
        if not any(state.status in wanted for state in states):
            print(f"nothing to do: {counted(states)}")
            continue
        overrides = [f"hydra.sweep.dir={directory}", f"hydra.sweeper.retry_failed={failed}"]
        command = [sys.executable, "-m", "longnn.experiments", "train", *sweep.command, *overrides]
        code = subprocess.run(command, check=False).returncode or code
    return code


def watch(directory: Path) -> int:
    """Shows all sweeps of a directory until no job is running, then says where they stand."""
    names = [name for sweep in manifest.read(directory).values() for name in sweep.jobs]
    with watched(directory, names) as watcher:
        while watcher.look().counts["running"]:
            time.sleep(EVERY)
    return status(directory)


def main(arguments: list[str] | None = None) -> int:
    """Does what the command line says, and returns the exit code."""
    command_line = parser()
    options = command_line.parse_args(arguments)
    try:
        if options.command == "resume":
            return resume(options.directory, failed=options.failed)
        return {"status": status, "watch": watch}[options.command](options.directory)
    except (FileNotFoundError, ValueError) as error:
        command_line.error(str(error))


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn sweep``."""
    made = argparse.ArgumentParser(
        prog="longnn sweep",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("status", "say how many jobs are done, running, failed or missing"),
        ("resume", "run the jobs that are missing or were killed"),
        ("watch", "show the progress live, from any terminal"),
    ):
        sub = commands.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.")
        sub.add_argument("directory", type=Path, help="hydra.sweep.dir of the sweep")
        if name == "resume":
            sub.add_argument("--failed", action="store_true", help="run those that failed too")
    return made


if __name__ == "__main__":
    sys.exit(main())
