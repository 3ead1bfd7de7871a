"""The arguments of ``longnn data store`` and ``longnn data propagate``; imports argparse alone."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .config.spelling import name_problem

STORE_EXAMPLES = """examples:
  longnn data store big --edges edges.csv              source,target[,weight], also .csv.gz
  longnn data store big --edges edges.parquet --features x.npy --labels y.npy
  longnn data store products --ogb products.zip        a zip file of the Open Graph Benchmark
  longnn data store law --generate power_law nodes=1000000 mean_degree=20 seed=1
  longnn data store flat --generate grid rows=1000 columns=1000

FOLDER appears when it is complete; what a killed run leaves is removed by the next one. With
--features it is a dataset, without them a graph. Nodes are numbered from 0 on."""

PROPAGATE_EXAMPLES = """examples:
  longnn data propagate products terms --order 10
  longnn data propagate law terms --order 10 --features x.npy --memory-gb 8

TERMS then holds p_k(S) X for k = 0 to K in the orthonormal Jacobi polynomials of alpha and beta,
of which filters in any basis of the same order are made exactly. The same command goes on where a
killed one was."""

GENERATED = {
    "power_law": ("nodes", "mean_degree", "exponent", "seed"),
    "grid": ("rows", "columns", "periodic"),
    "sbm": ("nodes", "classes", "inside", "across", "seed"),
    "geometric": ("nodes", "mean_degree", "seed"),
}
"""The functions of `longnn.stores` that draw a graph, and their settings."""


def add_commands(commands: Any) -> None:
    """Adds the subcommands ``store`` and ``propagate``.

    Args:
        commands: the subparsers of ``longnn data``, whose type argparse does not export.
    """
    form: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    text = "build a graph or a dataset on the disk"
    store = commands.add_parser("store", help=text, epilog=STORE_EXAMPLES, **form)
    _add_store(store.add_argument, store.add_mutually_exclusive_group(required=True).add_argument)
    store.set_defaults(command=_store, names=[], known=list)
    text = "write propagated features of a stored graph"
    propagate = commands.add_parser("propagate", help=text, epilog=PROPAGATE_EXAMPLES, **form)
    _add_propagate(propagate.add_argument)
    propagate.set_defaults(command=_propagate, names=[], known=list)


# fmt: off
def _add_store(add: Callable[..., Any], source: Callable[..., Any]) -> None:
    add("folder", type=Path, metavar="FOLDER", help="folder to make")
    source("--edges", type=Path, metavar="FILE", help=".csv, .csv.gz, .npz or .parquet")
    source("--ogb", type=Path, metavar="FILE", help="zip file of the Open Graph Benchmark")
    source("--generate", nargs="+", metavar=("KIND", "KEY=VALUE"),
           help=f"one of {', '.join(GENERATED)}, and its settings")
    add("--features", type=Path, metavar="FILE", help=".npy of [N, F] numbers, read by rows")
    add("--labels", type=Path, metavar="FILE", help=".npy of [N] classes from 0 on, -1 for none")
    add("--part", type=Path, metavar="FILE",
        help=".npy of [N]: 0 training, 1 validation, 2 test, -1 none")
    add("--num-nodes", type=int, metavar="N",
        help="default: rows of the features, or the largest number plus 1 by one more reading")
    add("--directions", choices=("either", "both", "sum"), help="see docs/data.md")
    add("--duplicates", choices=("largest", "sum"), help="see there")
    add("--self-loops", choices=("drop", "keep"), help="see there")
    add("--memory-gb", type=float, default=1.0, metavar="GB", help="for sorting (default: 1)")


def _add_propagate(add: Callable[..., Any]) -> None:
    add("folder", type=Path, metavar="FOLDER", help="a stored dataset, or a stored graph")
    add("terms", type=Path, metavar="TERMS", help="folder to make")
    add("--order", type=int, required=True, metavar="K", help="highest degree, >= 1")
    add("--features", type=Path, metavar="FILE", help="with a graph: .npy of [N, F] numbers")
    add("--alpha", type=float, default=0.0, help="exponent of the basis at 1, > -1 (default: 0)")
    add("--beta", type=float, default=0.0, help="exponent at -1, > -1 (default: 0)")
    add("--dtype", choices=("float32", "float64"), default="float32", help="default: float32")
    add("--memory-gb", type=float, default=4.0, metavar="GB", help="for signals (default: 4)")
    add("--threads", type=int, metavar="N", help="default: the cores of the process")
# fmt: on


def _store(options: argparse.Namespace) -> int:
    _check(options)
    settings = _settings(options)
    from .jobs.stored import make

    return told(lambda: make(options, settings))


def _check(options: argparse.Namespace) -> None:
    """Raises a ValueError for options that do not belong together."""
    given = [
        n for n in ("features", "labels", "part", "num_nodes") if getattr(options, n) is not None
    ]
    rules = [
        n for n in ("directions", "duplicates", "self_loops") if getattr(options, n) is not None
    ]
    if options.edges is None and given:
        raise ValueError(f"{_flags(given)} belong to --edges; leave them out")
    if options.ogb is not None and rules:
        raise ValueError(f"{_flags(rules)} do not belong to --ogb; leave them out")
    if options.features is None and ({"labels", "part"} & {*given}):
        raise ValueError("labels and part are those of a dataset; add --features FILE.npy")


def _flags(names: list[str]) -> str:
    return " and ".join("--" + name.replace("_", "-") for name in names)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """Settings of a generated graph as numbers."""
    if options.generate is None:
        return {}
    kind, *words = options.generate
    problem = name_problem("kind of graph", kind, tuple(GENERATED))
    if problem is not None:
        raise ValueError(problem)
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in GENERATED[kind]:
            raise ValueError(f"{word}: {kind} takes KEY=VALUE with {', '.join(GENERATED[kind])}")
        found[key] = _value(word, text)
    needed = ("rows", "columns") if kind == "grid" else ("nodes",)
    missing = [f"{key}=..." for key in needed if key not in found]
    if missing:
        raise ValueError(f"{kind} needs {' and '.join(missing)}")
    return found


def _value(word: str, text: str) -> bool | float | int:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"{word}: expected a number, got {text!r}") from None


def _propagate(options: argparse.Namespace) -> int:
    from .jobs.stored import propagate

    return told(lambda: propagate(options))


def is_store(name: str) -> bool:
    """Whether a word names a folder that holds a store."""
    return Path(name, "store.json").is_file()


def show_store(folder: Path) -> int:
    """Prints what a store holds; returns the exit status."""
    from .jobs.describing import described

    return told(lambda: described(folder))


def told(command: Callable[[], str]) -> int:
    """Prints what a command has to say; errors of stores become a line, as others do."""
    from longnn.stores import StoreError

    try:
        print(command())
    except (StoreError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
