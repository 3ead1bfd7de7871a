"""``longnn predict RUN``: what a finished run says of the nodes of a graph, as a table.

Imports jax only once the arguments have been read.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from longnn.runs.text import printable

if TYPE_CHECKING:
    from longnn.runs.saved import Run
    from longnn.training import Predictions

EXAMPLES = """examples:
  longnn predict runs/mine --out all.csv          the nodes that the run was trained on
  longnn predict runs/mine --graph new.npz --out new.csv
  longnn predict runs/mine --graph edges.csv --features features.csv --out new.parquet
  longnn predict runs/mine --graph new.npz --nodes ann bob --threshold 0.8 --out two.csv
  longnn predict runs/mine --graph big --nodes 17 4000 --out few.csv   a store (longnn data store)

The graph may be the same, one that has grown, or another one. It needs no labels: what the
file holds of labels and splits is not read. Features are given as they were before they were
scaled, and their columns are matched by name where both graphs name them. The table has the
columns node, class, probability, and P(NAME) for each class; of real values node and value.
The probabilities are the mean over all splits and seeds of the run. An existing file OUT is
replaced.

A run whose model is code of your own is opened with LONGNN_TRUST=MODULE, as everywhere."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line ``longnn predict ARGUMENTS``.

    Returns:
        The exit status 0.

    Raises:
        SystemExit: with code 2 and a message, for what cannot be read, predicted or written.
    """
    command_line = parser()
    options = command_line.parse_args(arguments)
    try:
        _check(options)
        print(printable(_predict(options)))
    except (ImportError, MemoryError, OSError, ValueError) as error:
        command_line.error(printable(error))
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments and their help."""
    made = argparse.ArgumentParser(
        "longnn predict",
        description="Predict the nodes of a graph by a finished run, and write them as a table.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    # fmt: off
    add("run", type=Path, metavar="RUN", help="the directory of a finished run")
    add("--out", type=Path, required=True, metavar="FILE", help="table to write, .csv or .parquet")
    add(
        "--graph",
        type=Path,
        metavar="FILE",
        help="an npz file with edges and features, a table of edges, .csv or .parquet, or the "
        "folder of a store (default: the data that the run was trained on)",
    )
    add(
        "--features",
        type=Path,
        metavar="FILE",
        help="with a table of edges: the table of features, .csv or .parquet, a row a node; with "
        "a stored graph: .npy of [N, F] numbers",
    )
    add("--nodes", nargs="+", metavar="NAME", help="the nodes that are asked for (default: all)")
    add(
        "--threshold",
        type=float,
        metavar="P",
        help="leave the class empty where its probability is below P, in [0, 1]",
    )
    add(
        "--runs",
        nargs="+",
        type=int,
        metavar="N",
        help="the numbers of the models whose mean is taken, from 0 (default: all)",
    )
    add(
        "--ignore",
        nargs="+",
        default=[],
        metavar="NAME",
        help="arrays or columns that are left out",
    )
    # fmt: on
    return made


def _check(options: argparse.Namespace) -> None:
    """Raises a ValueError for options that do not belong together."""
    from longnn.data.frames import check_ending

    out = check_ending(options.out)
    if not out.parent.is_dir():
        raise ValueError(f"{out} cannot be written: there is no directory {out.parent}")
    if options.graph is None:
        if options.features is not None or options.ignore:
            raise ValueError("--features and --ignore are about the files of --graph; give it, too")
        return
    if options.graph.is_dir():
        if options.ignore:
            raise ValueError(f"{options.graph} is a store without other arrays; leave --ignore out")
        return
    given = [path for path in (options.graph, options.features) if path is not None]
    if any(path.exists() and out.exists() and path.samefile(out) for path in given):
        raise ValueError(f"--out {out} would replace a file that is read; choose another name")
    table = options.graph.suffix.lower() != ".npz"
    if table and options.features is None:
        raise ValueError(
            f"{options.graph} is a table of edges, so that a table of features is needed: add "
            "--features FILE, or give an npz file that holds both"
        )
    if not table and options.features is not None:
        raise ValueError(f"{options.graph} holds its features; leave --features out")


def _predict(options: argparse.Namespace) -> str:
    """Writes the table, and says what is in it."""
    from longnn.runs.atomic import atomic_write
    from longnn.runs.opening import load
    from longnn.runs.result import read_result

    from .jobs.device import check_device, computing_in
    from .jobs.downloads import logged_warnings

    check_device()
    dtype = str(read_result(options.run).config.get("dtype", "float32"))
    with computing_in(dtype), logged_warnings():
        found = _predictions(load(options.run), options)
    one_class = found.classes and not found.multilabel
    if options.threshold is not None and not one_class:
        raise ValueError(f"{found.title} predicts no single class a node; leave --threshold out")
    with atomic_write(options.out) as path:
        found.save(path, options.threshold)
    return f"{_told(found, options.threshold)}; {options.out}"


def _predictions(run: "Run", options: argparse.Namespace) -> "Predictions":
    from longnn.data import edgelist, npz
    from longnn.runs.predicting import rules_of

    if options.graph is None:
        return run.predict(nodes=options.nodes, runs=options.runs)
    if options.graph.is_dir():
        return _of_store(run, options)
    rules = {**rules_of(run.config["dataset"]), "ignore": options.ignore}
    if options.features is None:
        data = npz.load(options.graph, labelled=False, **rules)
    else:
        data = edgelist.load(options.graph, options.features, name=options.graph.stem, **rules)
    return run.predict(data, nodes=options.nodes, runs=options.runs)


def _of_store(run: "Run", options: argparse.Namespace) -> "Predictions":
    """Few nodes are predicted by the rows of the store that they depend on."""
    from longnn.stores import StoredDataset, StoreError

    from .jobs.stored import graph_and_features

    try:
        graph, features = graph_and_features(options.graph, options.features)
        asked = {"nodes": options.nodes, "runs": options.runs}
        if isinstance(features, StoredDataset):
            return run.predict(features, **asked)
        return run.predict(graph, features, **asked)
    except StoreError as error:
        raise ValueError(str(error)) from error


def _told(found: "Predictions", threshold: float | None) -> str:
    if threshold is None:
        return repr(found).partition(";")[0]
    kept = int((found.confidence >= threshold).sum())
    return (
        f"{repr(found).partition(';')[0]}, {kept} of {len(found)} nodes at or above {threshold:g}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
