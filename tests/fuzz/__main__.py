"""``python -m tests.fuzz``: damages small files at random and reads them.

Each case is a file damaged from its own seed, read in a child process. It is a fault if the child
dies, takes over five seconds or too much memory, or ends with another exception than an error of
ours that names the file. The bytes of a fault are kept. With ``--together 20`` a child reads twenty
in turn, and those of a child that found a fault are read again in children of their own.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a fork has one thread

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .cases import GOOD, damage, run, write
from .samples import SAMPLES

KINDS = (*GOOD, "unnamed", "foreign", "memory", "slow", "killed")


def main() -> int:
    """Runs the cases; 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("formats", nargs="*", help=f"of {', '.join(SAMPLES)}; by default all")
    parser.add_argument("--cases", type=int, default=1000, help="of each format")
    parser.add_argument("--seconds", type=float, default=1e9, help="for each format, at most")
    parser.add_argument("--together", type=int, default=1, help="cases of one child, at most")
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
            last = options.seed + options.cases
            for start in range(options.seed, last, options.together):
                if time.monotonic() > end:
                    break
                seeds = range(start, min(start + options.together, last))
                counts[name].update(_cases(name, seeds, faults, console, seen))
                progress.advance(task, len(seeds))
                if start // options.together % 50 == 0:
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
        with tempfile.TemporaryDirectory() as folder:
            write(files, Path(folder) / "files")
            (outcome,) = run(SAMPLES[name], [Path(folder) / "files"])
        assert outcome.kind == "value", f"{name} is not read: {outcome.text}"


def _cases(
    name: str, seeds: Sequence[int], faults: Path, console: Console, seen: set[str]
) -> list[str]:
    """Runs cases and gives their kinds; a fault's files are kept, and its first is printed."""
    made = [damage(SAMPLES[name], random.Random(f"{name} {seed}")) for seed in seeds]
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / str(seed) for seed in seeds]
        for (files, _), place in zip(made, folders, strict=True):
            write(files, place)
        outcomes = run(SAMPLES[name], folders)
    for seed, (files, of), outcome in zip(seeds, made, outcomes, strict=True):
        if outcome.kind not in GOOD:
            kept = faults / f"{name}-{seed}"
            write(files, kept)
            lines = outcome.text.splitlines() or [""]
            where = next((line for line in lines[::-1] if "File " in line), lines[-1])
            if where not in seen:
                seen.add(where)
                console.print(f"{outcome.kind}: {name}, seed {seed}, {kept / of}", highlight=False)
                console.print("\n".join(lines[-4:]), markup=False, highlight=False)
    return [outcome.kind for outcome in outcomes]


def _table(counts: dict[str, Counter[str]], seed: int) -> Table:
    table = Table("format", "cases", *KINDS, title=f"seeds from {seed} on")
    for name, found in counts.items():
        table.add_row(name, *(str(n) for n in (found.total(), *(found[kind] for kind in KINDS))))
    return table


if __name__ == "__main__":
    sys.exit(main())
