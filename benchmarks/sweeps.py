"""A search of many jobs on Cora: one batch, one after the other, and a process for each.

    python -m benchmarks.sweeps              200 jobs of 3 splits, into benchmarks/SWEEPS.md
    python -m benchmarks.sweeps --jobs 20

Wall time from the start of a process to its end, programs compiled before (the persistent cache is
warm). A process for each job is timed on ten jobs and scaled. Needs LONGNN_DATA_DIR.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.results import measured_by

RESULTS = Path(__file__).parent / "SWEEPS.md"
EPOCHS = 100
ALONE = 10


def main() -> None:
    """Times the three ways and compares what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--inner", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        _inner(options.inner)
        return
    with tempfile.TemporaryDirectory() as folder:
        text = _measured(Path(folder), options.jobs)
    print(text)
    if options.jobs == 200:
        RESULTS.write_text(text)


def _measured(folder: Path, jobs: int) -> str:
    console = Console(stderr=True)
    for launcher in ("basic", "vmap"):  # fills the cache
        _sweep(folder / f"warm-{launcher}", launcher, range(1000, 1000 + min(jobs, 20)))
    vmap = _sweep(folder / "vmap", "vmap", range(jobs))
    basic = _sweep(folder / "basic", "basic", range(jobs))
    alone = [
        _sweep(folder / "alone", "basic", [job])
        for job in track(range(ALONE), "one process each", console=console)
    ]
    each = sum(found["seconds"] for found in alone) / ALONE * jobs
    worst = _difference(folder / "vmap", folder / "basic")
    return "\n".join(
        [
            "# Many jobs",
            "",
            f"{jobs} jobs on Cora, 3 splits each, up to {EPOCHS} epochs.",
            "",
            measured_by("python -m benchmarks.sweeps"),
            "",
            "| | wall time | programs compiled or read | times vmap |",
            "|---|---|---|---|",
            _row("hydra/launcher=vmap", vmap["seconds"], vmap["programs"], vmap),
            _row("hydra/launcher=basic, one process", basic["seconds"], basic["programs"], vmap),
            _row(f"a process for each job (from {ALONE}, scaled)", each,
                 sum(f["programs"] for f in alone) / ALONE * jobs, vmap),
            "",
            f"Losses of the first 20 epochs of every job agree to {worst:.1e} (relative).",
            "",
        ]
    )  # fmt: skip


def _row(name: str, seconds: float, programs: float, vmap: dict[str, Any]) -> str:
    return f"| {name} | {seconds:.0f} s | {programs:.0f} | {seconds / vmap['seconds']:.2f} |"


def _sweep(directory: Path, launcher: str, jobs: Any) -> dict[str, Any]:
    """Seconds of a process that runs jobs, and how many programs it needed."""
    numbers = ",".join(f"{0.02 + 0.7 * job / 2000:.6f}" for job in jobs)
    overrides = [
        "dataset=cora",
        "split.count=3",
        f"optim.max_epochs={EPOCHS}",
        "figures=false",
        f"model.dropout={numbers}",
        f"hydra.sweep.dir={directory}",
        f"hydra/launcher={launcher}",
    ]
    command = [sys.executable, "-m", "benchmarks.sweeps", "--inner", *overrides]
    began = time.perf_counter()
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {"seconds": time.perf_counter() - began} | json.loads(out.splitlines()[-1])


def _inner(overrides: list[str]) -> None:
    import jax.monitoring
    from longnn.experiments.train import main as train

    programs = [0]

    def count(event: str, *_: Any, **__: Any) -> None:
        programs[0] += event.endswith("backend_compile_duration")

    jax.monitoring.register_event_duration_secs_listener(count)
    sys.argv = ["experiments.train", "-m", *overrides]
    train()
    print(json.dumps({"programs": programs[0]}))


def _difference(one: Path, other: Path) -> float:
    """The largest relative difference of a loss in the first 20 epochs."""
    worst = 0.0
    names = sorted(run.parent.name for run in one.glob("*/result.json"))
    assert names == sorted(run.parent.name for run in other.glob("*/result.json"))
    for name in names:
        losses = []
        for folder in (one, other):
            with np.load(folder / name / "curves.npz") as curves:
                losses.append(curves["loss"][:, :20])
        worst = max(worst, float(np.max(np.abs(losses[0] / losses[1] - 1))))
    return worst


if __name__ == "__main__":
    main()
