"""From the start of ``longnn train`` to its result: seconds by part, and calls of XLA's compiler.

    python -m benchmarks.start                        dataset=cora, cold and then warm three times
    python -m benchmarks.start dataset=texas figures=false --warm 1
    python -m benchmarks.start --names                also which functions were compiled

Each run is a process of its own; they share a cache of compiled programs, which is empty at first.
"processor" is the time of all cores together, which others on the machine disturb less. A call of
the compiler that finds its program in the cache counts as a call. Needs LONGNN_DATA_DIR.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

LOOP, OUTSIDE = "training loop", "all but the training loop"
PARTS = {
    "imports": [],
    "data and operator": ["longnn.experiments.jobs.run:data_of",
                          "longnn.experiments.jobs.run:problem_of_job"],
    "batch and first values": ["longnn.training.batch:make_batch",
                               "longnn.training.refused:refusals",
                               "longnn.training.places:Places.fill"],
    "big program": ["longnn.training.executable:_compiled"],
    LOOP: ["longnn.training.places:Places.advance"],
    "outputs and scores": ["longnn.training.places:Places._predicted",
                           "longnn.training.scores:score"],
    "responses": ["longnn.training.responses:batch_response"],
    "spectrum": ["longnn.analysis.density:spectral_density"],
    "figures": ["longnn.experiments.jobs.figures:figure_writers",
                "longnn.experiments.jobs.figures:_save"],
    "writing": ["longnn.runs.record:write_run"],
    "the rest": [],
}  # fmt: skip
"""Part -> the functions that it is spent in, less what those of other parts spend."""


def main() -> None:
    """Prints one Markdown table."""
    options = _options()
    if options.inner is not None:
        _inner(options.inner, options.overrides)
        return
    overrides = options.overrides or ["dataset=cora"]
    with tempfile.TemporaryDirectory() as folder:
        runs = [_run(Path(folder), number, overrides) for number in range(1 + options.warm)]
    print(f"`longnn train {' '.join(overrides)}`\n")
    print("| seconds | cold | warm | processor, warm |\n|---|---|---|---|")
    for part in [*PARTS, OUTSIDE]:
        print(_row(part, [_median(runs[:1], "wall", part), _median(runs[1:], "wall", part),
                          _median(runs[1:], "processor", part)]))  # fmt: skip
    print(f"\nCalls of the compiler: {len(runs[0]['names'])} cold, {len(runs[-1]['names'])} warm")
    if options.names:
        for name, count in Counter(runs[-1]["names"]).most_common():
            print(f"{count:4} {name}")


def _median(runs: list[dict[str, Any]], kind: str, part: str) -> float:
    """Seconds of a part, or of all but the training loop."""
    if part == OUTSIDE:
        return median(sum(run[kind].values()) - run[kind].get(LOOP, 0.0) for run in runs)
    return median(run[kind].get(part, 0.0) for run in runs)


def _row(part: str, seconds: list[float]) -> str:
    return f"| {part} | {' | '.join(f'{value:.2f}' for value in seconds)} |"


def _options() -> argparse.Namespace:
    formatter = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("overrides", nargs="*", help="of the command, such as dataset=cora")
    parser.add_argument("--warm", type=int, default=3, help="runs with a warm cache")
    parser.add_argument("--names", action="store_true", help="print what was compiled, last run")
    parser.add_argument("--inner", type=float, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(folder: Path, number: int, overrides: list[str]) -> dict[str, Any]:
    """Seconds of each part of a process, and the functions that it compiled."""
    where = [f"hydra.run.dir={folder / str(number)}", f"compilation_cache={folder / 'cache'}"]
    began = time.time()
    command = [sys.executable, "-m", "benchmarks.start", "--inner", str(began)]
    process = subprocess.run([*command, *overrides, *where], stdout=subprocess.PIPE, text=True)
    wall = time.time() - began
    if process.returncode:
        raise SystemExit(process.returncode)
    found = json.loads(process.stdout.splitlines()[-1])
    found["wall"]["the rest"] += wall - sum(found["wall"].values())  # Python's end
    return found


class Clock:
    """Spends the time of a process on the part that was begun last and has not ended."""

    def __init__(self, began: float) -> None:
        self.wall = Counter({"imports": time.time() - began})  # Python's start, what site loads
        self.processor = Counter({"imports": time.process_time()})
        self._open = ["the rest"]
        self._at = time.perf_counter(), time.process_time()

    def timed(self, part: str, call: Any) -> Any:
        """``call``, whose time goes to a part."""

        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.turn()
            self._open.append(part)
            try:
                return call(*arguments, **named)
            finally:
                self.turn()
                self._open.pop()

        return wrapped

    def turn(self) -> None:
        """Books what has passed since the last turn."""
        now = time.perf_counter(), time.process_time()
        self.wall[self._open[-1]] += now[0] - self._at[0]
        self.processor[self._open[-1]] += now[1] - self._at[1]
        self._at = now


def _inner(began: float, overrides: list[str]) -> None:
    """What each process runs: the command, watched."""
    clock, names = Clock(began), list[str]()
    _watch_imports(clock)
    sys.argv = ["longnn", "train", *overrides]
    import jax.monitoring

    def count(event: str, _: float, **told: Any) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(told["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(count)
    from longnn.experiments.command import main as command

    status = command()
    clock.turn()
    print(json.dumps({"wall": clock.wall, "processor": clock.processor, "names": names}))
    sys.exit(status)


def _watch_imports(clock: Clock) -> None:
    """Times every import, and the functions of `PARTS` from the moment that they are imported."""
    from importlib import _bootstrap  # type: ignore[attr-defined]

    functions: dict[str, list[tuple[str, str]]] = {}
    for part, places in PARTS.items():
        for module, _, name in (place.partition(":") for place in places):
            functions.setdefault(module, []).append((part, name))
    load = clock.timed("imports", _bootstrap._find_and_load)

    def find(name: str, *rest: Any) -> Any:
        module = load(name, *rest)
        for part, function in functions.pop(name, ()):
            *owner, last = function.split(".")
            of = getattr(module, owner[0]) if owner else module
            setattr(of, last, clock.timed(part, getattr(of, last)))
        return module

    _bootstrap._find_and_load = find


if __name__ == "__main__":
    main()
