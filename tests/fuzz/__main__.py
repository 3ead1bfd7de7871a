"""``python -m tests.fuzz``: damages small files at random and reads them.

Each case is a file damaged from its own seed, read in a child process. It is a fault if the child
dies, takes over five seconds or too much memory, or ends with another exception than an error of
ours that names the file. The bytes of a fault are kept.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a fork has one thread

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .cases import GOOD, Outcome, damage, run, write
from .samples import SAMPLES

KINDS = (*GOOD, "unnamed", "foreign", "memory", "slow", "killed")


def main() -> int:
    """Runs the cases; 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("formats", nargs="*", help=f"of {', '.join(SAMPLES)}; by default all")
    parser.add_argument("--cases", type=int, default=1000, help="of each format")
    parser.add_argument("--seconds", type=float, default=1e9, help="for each format, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    options = parser.parse_args()
    unknown = {*options.formats} - SAMPLES.keys()
    if unknown:
        parser.error(f"unknown formats: {', '.join(sorted(unknown))}; known: {', '.join(SAMPLES)}")
    console, faults = Console(), Path(tempfile.mkdtemp(prefix="longnn-fuzz-"))
    counts = {}
    # a thread of the bar would not live on in the children
    with Progress(console=console, auto_refresh=False) as progress:
        for name in options.formats or SAMPLES:
            task = progress.add_task(name, total=options.cases)
            counts[name], end = Counter[str](), time.monotonic() + options.seconds
            seen: set[str] = set()
            _check(name)
            for seed in range(options.seed, options.seed + options.cases):
                if time.monotonic() > end:
                    break
                counts[name][_case(name, seed, faults, console, seen)] += 1
                progress.advance(task)
                if seed % 50 == 0:
                    progress.refresh()
    console.print(_table(counts, options.seed))
    bad = {name for name, found in counts.items() if set(found) - set(GOOD)}
    if bad:
        console.print(f"the files of the faults are in {faults}")
    else:
        faults.rmdir()
    return int(bool(bad))


def _check(name: str) -> None:
    """The files are read as long as they are whole."""
    for files in SAMPLES[name].variants:
        outcome = _outcome(name, files)
        assert outcome.kind == "value", f"{name} is not read: {outcome.text}"


def _outcome(name: str, files: Mapping[str, bytes]) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "files"
        write(files, place)
        return run(SAMPLES[name], place)


def _case(name: str, seed: int, faults: Path, console: Console, seen: set[str]) -> str:
    """Runs one case and gives its kind; a fault's files are kept, and its first is printed."""
    files, of = damage(SAMPLES[name], random.Random(f"{name} {seed}"))
    outcome = _outcome(name, files)
    if outcome.kind not in GOOD:
        kept = faults / f"{name}-{seed}"
        write(files, kept)
        lines = outcome.text.splitlines() or [""]
        place = next((line for line in lines[::-1] if "File " in line), lines[-1])
        if place not in seen:
            seen.add(place)
            console.print(f"{outcome.kind}: {name}, seed {seed}, {kept / of}", highlight=False)
            console.print("\n".join(lines[-4:]), markup=False, highlight=False)
    return outcome.kind


def _table(counts: dict[str, Counter[str]], seed: int) -> Table:
    table = Table("format", "cases", *KINDS, title=f"seeds from {seed} on")
    for name, found in counts.items():
        table.add_row(name, *(str(n) for n in (found.total(), *(found[kind] for kind in KINDS))))
    return table


if __name__ == "__main__":
    sys.exit(main())
