"""Says where a sweep stands, resumes it, or watches it.

DIR is the directory of a sweep (hydra.sweep.dir), such as the one that
longnn train -m prints at its end.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from longnn.runs import attempts
from longnn.runs.text import printable
from longnn.runs.trust import VARIABLE

from ..config.values import quoted
from . import manifest
from .costs import Costs
from .manifest import Manifest
from .recorded import acting_word, outward_link
from .state import (
    OPEN,
    OVER,
    JobState,
    counted,
    exit_code,
    job_state,
    summary,
    trial_states,
)
from .view import EVERY, clock, watched

EXAMPLES = """examples:
  longnn train -m dataset=texas,cornell seed=0,1 hydra.sweep.dir=runs/two
                                     start a sweep of four jobs
  longnn sweep status runs/two       how many are done, running, failed
  longnn sweep watch runs/two        the same, live
  longnn sweep resume runs/two       run those that are missing or were killed"""


def states_of(file: Path, sweep: Manifest) -> list[JobState]:
    """The state of each job of a sweep, or of each trial of a search, those to come included."""
    directory, name = file.parent, file.stem.removeprefix("sweep-")
    if sweep.trials is not None:
        return trial_states(directory, name, sweep.trials, sweep.jobs)
    return [job_state(directory, job, overrides) for job, overrides in sweep.jobs.items()]


def status(directory: Path) -> int:
    """Prints where every sweep of a directory stands; returns the exit code of all their jobs."""
    states: list[JobState] = []
    for file, sweep in manifest.read(directory).items():
        its = states_of(file, sweep)
        print(printable(manifest.command(sweep.command)))
        print(summary(directory, its))
        print(*_to_come(directory, sweep, its), "", sep="\n")
        states += its
    return exit_code(states)


def _to_come(directory: Path, sweep: Manifest, states: list[JobState]) -> list[str]:
    """How long the rest will take, as a line, where finished jobs tell that."""
    left = [state for state in states if state.status in (*OPEN, "running")]
    if not left:
        return []
    seconds = Costs(directory, sweep.jobs).to_come(state.overrides for state in left)
    if seconds is None:
        return []
    running = [attempts.newest(directory / s.name) for s in left if s.status == "running"]
    workers = len({(a.content.get("host"), a.content.get("pid")) for a in running if a}) or 1
    shared = f"{workers} processes" if workers > 1 else "one process"
    return [f"to come:      {clock(seconds / workers)} for {shared}, judged by jobs that are done"]


def resume(directory: Path, *, failed: bool, trust: bool = False) -> int:
    """Starts the command of each unfinished sweep again, which runs only the jobs that are missing.

    The command is printed before it runs. It was read from the directory, so that it may choose
    what is trained, of what longnn has and LONGNN_TRUST names, and no more (:func:`acting_word`).

    Args:
        directory: of the sweeps.
        failed: whether jobs that failed are run again too.
        trust: whether the command may do whatever it could where the user typed it.

    Returns:
        The exit code of the last sweep of which not every job is done, else 0.

    Raises:
        ValueError: if a command does what needs ``trust``, or a link leads out of the directory.
    """
    link = None if trust else outward_link(directory)
    if link is not None:
        raise ValueError(
            f"{link} leads to {os.path.realpath(link)}, outside of the directory, where the sweep "
            "would write; remove the link, or add --trust if it is yours"
        )
    environment = dict(os.environ) if trust else {VARIABLE: "", **os.environ}
    wanted = (*OPEN, "failed") if failed else OPEN
    code = 0
    for file, sweep in manifest.read(directory).items():
        states = states_of(file, sweep)
        found = {state.status for state in states}
        if not found & {*wanted, "running"} or (sweep.trials is not None and found <= OVER):
            again = "; --failed runs those again" if "failed" in found - {*wanted} else ""
            print(f"nothing to do: {counted(states)}{again}")
            code = exit_code(states) or code
            continue
        overrides = [f"hydra.sweep.dir={quoted(str(directory))}"]
        overrides.append(f"hydra.sweeper.retry_failed={failed}")
        if sweep.trials is not None:
            overrides.append(f"hydra.sweeper.trials={sweep.trials}")
        words = [*sweep.command, *overrides]
        print(printable(manifest.command(words)), flush=True)
        acting = None if trust else acting_word(sweep.command)
        if acting is not None:
            raise ValueError(
                f"{file} says that the sweep was started with {acting!r}, which could run code or "
                "reach beyond the directory; "
                "if you started it, or have read the command, add --trust"
            )
        command = [sys.executable, "-m", "longnn.experiments", "train", *words]
        code = subprocess.run(command, check=False, env=environment).returncode or code
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
            return resume(options.directory, failed=options.failed, trust=options.trust)
        return {"status": status, "watch": watch}[options.command](options.directory)
    except (FileNotFoundError, ValueError) as error:
        command_line.error(printable(error))


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
            trust = "run the recorded command as if you had typed it, code of your own included"
            sub.add_argument("--trust", action="store_true", help=trust)
    return made


if __name__ == "__main__":
    sys.exit(main())
