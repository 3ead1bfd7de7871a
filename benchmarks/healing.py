"""What kills cost a sweep: 60 jobs of three sizes on two workers, one of which dies every 20 s.

    python -m benchmarks.healing             into benchmarks/HEALING.md
    python -m benchmarks.healing --jobs 12 --every 10

Two processes run one sweep, as the tasks of a SLURM array do; each that is killed (SIGKILL, in
turns) is started again at once. Taken are the undisturbed time, and the disturbed time with the
order that the sweep chooses (:mod:`longnn.experiments.sweep.costs`) and with the order in which the
jobs were given, in turns. Programs are compiled before.
"""

import argparse
import itertools
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track

from benchmarks.results import measured_by

RESULTS = Path(__file__).parent / "HEALING.md"
NODES = (200, 1500, 4000)
"""Of the three sizes of jobs, which are three programs."""

EPOCHS = 200

GIVEN = "Costs.in_order = lambda self, jobs, overrides, restarts: sorted(jobs, key=restarts)"
PROGRAM = (
    "import sys; from longnn.experiments.sweep.costs import Costs; {}\n"
    "from longnn.experiments.train import main; sys.argv = ['longnn train', *sys.argv[1:]]; main()"
)


def main() -> None:
    """Times the sweeps and writes the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=60, help="a multiple of three")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two kills")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = ("undisturbed", "chosen order", "given order")
    taken: dict[str, list[float]] = {way: [] for way in ways}
    counts: dict[str, list[str]] = {way: [] for way in ways}
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        _swept(Path(folder) / "first", 6, None, "")  # compiles
        rounds = list(itertools.product(range(options.rounds), ways))
        for round_, way in track(rounds, "sweeping", console=console):
            directory = Path(folder) / f"{way}-{round_}".replace(" ", "-")
            every = None if way == "undisturbed" else options.every
            patch = GIVEN if way == "given order" else ""
            seconds, kills = _swept(directory, options.jobs, every, patch)
            taken[way].append(seconds)
            counts[way].append(_counted(directory, kills))
            console.print(f"{way}: {seconds:.1f} s; {counts[way][-1]}")
    base = median(taken["undisturbed"])
    lines = [
        f"| {way} | {median(taken[way]):.1f} s | {median(taken[way]) / base:.2f} x | "
        f"{'; '.join(counts[way])} |"
        for way in ways
    ]
    table = "\n".join(["| | median time | ratio | kills, jobs |", "|---|---|---|---|", *lines])
    title = "# What kills cost a sweep\n\n"
    told = (
        f"{options.jobs} jobs of three sizes on two workers, one of which is killed every "
        f"{options.every:g} s; {options.rounds} rounds.\n\n"
        f"{measured_by('python -m benchmarks.healing')}\n\n"
    )
    RESULTS.write_text(f"{title}{told}{table}\n")
    print(table)


def _swept(directory: Path, jobs: int, every: float | None, patch: str) -> tuple[float, int]:
    """Seconds until the sweep is done, and how many workers were killed."""
    started = time.monotonic()
    workers = [_worker(directory, jobs, patch) for _ in range(2)]
    turns, kills = itertools.cycle(range(2)), 0
    next_kill = started + (every or float("inf"))
    while any(worker.poll() is None for worker in workers):
        time.sleep(0.05)
        if time.monotonic() > next_kill and all(worker.poll() is None for worker in workers):
            turn = next(turns)
            workers[turn].send_signal(signal.SIGKILL)
            workers[turn].wait()
            workers[turn] = _worker(directory, jobs, patch)
            next_kill, kills = next_kill + (every or 0), kills + 1
    codes = [worker.returncode for worker in workers]
    if any(codes):
        raise RuntimeError(f"workers ended with {codes}; see {directory}")
    return time.monotonic() - started, kills


def _worker(directory: Path, jobs: int, patch: str) -> subprocess.Popen[bytes]:
    overrides = [
        *("-m", "split.count=5", "figures=false", f"hydra.sweep.dir={directory}"),
        *(f"optim.max_epochs={EPOCHS}", f"optim.patience={EPOCHS}"),
        *(f"seed=range(0,{jobs // 3})", f"dataset.nodes={','.join(map(str, NODES))}"),
    ]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(patch), *overrides],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _counted(directory: Path, kills: int) -> str:
    """How often jobs were begun and completed."""
    done = len(list(directory.glob("*/result.json")))
    begun = len(list(directory.glob("*/attempt-*.json")))
    return f"{kills} kills, {done} done in {begun} attempts"


if __name__ == "__main__":
    main()
