"""``longnn data list | fetch NAME... | check NAME... | show NAME | store | propagate``.

Imports jax and Hydra only where a dataset is loaded, so that ``list`` answers at once.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from longnn.data.catalogue import Entry, entries, entry_of, names
from longnn.data.download import place
from longnn.data.errors import DataFileError

from .config.spelling import name_problem
from .many import holds_graphs, show_graphs
from .storing import add_commands, is_store, show_store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from longnn.data.dataset import Dataset

EXAMPLES = """examples:
  longnn data list                     what there is, and what is here already
  longnn data fetch cora citeseer      download, with a progress bar
  longnn data check cora               compare checksums and statistics
  longnn data show squirrel_filtered   statistics, and a figure
  longnn data show grid dataset.rows=50 --output grid.png
  longnn data show npz dataset.path=mine.npz
  longnn data store big --edges edges.csv    build a graph on the disk (store --help)
  longnn data show big                       what is in it
  longnn data show csbm_graphs graphs=50     many graphs: a family, an npz file, a TU folder
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line ``longnn data ARGUMENTS``.

    Returns:
        The exit status: 0, 1 if a dataset failed, or 2 if there is no dataset of a name.
    """
    options = parser().parse_args(arguments)
    known = options.known()
    for name in options.names:
        other = options.command is _show and (is_store(name) or holds_graphs(name))
        problem = None if other else name_problem("dataset", name, known)
        if problem is not None:
            print(f"error: {problem}", file=sys.stderr)
            return 2
    try:
        return int(options.command(options))
    except (DataFileError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The subcommands, their arguments and their help."""
    made = argparse.ArgumentParser(
        "longnn data",
        description="List, download, check and look at datasets, and build large ones on the disk.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="sizes, classes, homophily, licence, what is here")
    listing.set_defaults(command=_list, names=[], known=names)
    for name, command, text in (
        ("fetch", _fetch, "download what is not here yet"),
        ("check", _check, "compare checksums and statistics with the recorded ones"),
    ):
        sub = commands.add_parser(name, help=text)
        _named(sub.add_argument("names", nargs="+", metavar="NAME", help="as `list` has it"))
        sub.set_defaults(command=command, known=names)
    show = commands.add_parser("show", help="print statistics and draw a figure")
    as_train = "as in `longnn train dataset=NAME`, the folder of a store, or many graphs"
    _named(show.add_argument("names", nargs=1, metavar="NAME", help=as_train))
    show.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="such as dataset.seed=1")
    show.add_argument("--output", type=Path, help="file of the figure; NAME.png by default")
    show.set_defaults(command=_show, known=_configured_names)
    add_commands(commands)
    return made


def _named(argument: argparse.Action) -> None:
    """The tab key completes the names of datasets; argcomplete looks for this attribute."""
    argument.completer = lambda **_: names()  # type: ignore[attr-defined]


def _list(options: argparse.Namespace) -> int:
    table = Table("dataset", "nodes", "edges", "features", "classes", "homophily: edge", "node",
                  "adjusted", "metric", "here", "licence", box=None)  # fmt: skip
    for name in names():
        table.add_row(name, *_cells(entries()[name]))
    # without a terminal, lines stay whole: they go into a file or through grep
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
    return 0


def _cells(entry: Entry) -> list[str]:
    if entry.generated:
        return [*[""] * 8, "no file needed", ""]
    missing = "?" if entry.nodes is None else "-"  # never loaded, or there is none
    sizes = (entry.nodes, entry.edges, entry.features, entry.classes)
    cells = [missing if size is None else f"{size:,}" for size in sizes]
    shares = [missing] * 3 if entry.homophily is None else [f"{s:.3f}" for s in entry.homophily]
    return [*cells, *shares, str(entry.metric), _here(entry), entry.licence]


def _here(entry: Entry) -> str:
    """Whether a dataset's files are in their folder; nothing is read."""
    here = sum(place(name).is_file() for name in entry.files)
    if not here:
        return "no"
    return "yes" if here == len(entry.files) else f"{here} of {len(entry.files)}"


def _fetch(options: argparse.Namespace) -> int:
    from .jobs.downloads import download

    for name, files in [(name, entry_of(name).files) for name in options.names]:
        download(files)
        folders = " and ".join(sorted({str(place(file).parent) for file in files}))
        where = f"{len(files)} files in {folders}" if files else "generated, it needs no file"
        print(f"{name}: {where}")
    return 0


def _check(options: argparse.Namespace) -> int:
    found = {name: _problems(name, entry_of(name)) for name in options.names}
    for name, problems in found.items():
        print(f"{name}: {'; '.join(problems) or 'checksums and statistics agree'}")
    return int(any(found.values()))


def _problems(name: str, entry: Entry) -> list[str]:
    """What is wrong with the files or the numbers of a dataset."""
    from longnn.data.loading import load
    from longnn.data.recorded import differences

    from .jobs.downloads import download, logged_warnings

    try:
        download(entry.files)
        with logged_warnings():
            return differences(load(name), entry)
    except (DataFileError, ValueError) as error:
        return [str(error)]


def _show(options: argparse.Namespace) -> int:
    if options.names[0] not in options.known():
        return show_graphs(options) if holds_graphs(options.names[0]) else _show_folder(options)
    from longnn.data.statistics import describe

    from .jobs.device import check_device

    check_device()
    (name,) = options.names
    dataset = _configured(name, options.overrides)
    for key, value in describe(dataset).items():
        print(f"{key:20} {value:,}" if isinstance(value, int) else f"{key:20} {value:.4f}")
    protocols = ", ".join(dataset.shipped) or "none"
    print(f"{'metric':20} {dataset.metric}\n{'shipped splits':20} {protocols}")
    print(f"{'checksum':20} {dataset.checksum}")
    if not dataset.labelled.any():
        print(f"{'figure':20} none, since no node has a label")
        return 0
    output = options.output or Path(f"{name}.png")
    figure = _drawn(dataset)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(output, dpi=150)
    except OSError as error:
        raise ValueError(f"{output} cannot be written: {error}; choose another --output") from error
    print(f"{'figure':20} {output}")
    return 0


def _show_folder(options: argparse.Namespace) -> int:
    """Prints what a store holds; of a large graph there is no figure."""
    if options.overrides or options.output is not None:
        raise ValueError(
            f"{options.names[0]} is a store, which takes no KEY=VALUE and no --output; leave "
            "them out"
        )
    return show_store(Path(options.names[0]))


def _drawn(dataset: "Dataset") -> "Figure":
    """Degrees, labels, how edges join them, and the density of the spectrum."""
    import numpy as np

    from longnn import plot
    from longnn.analysis import spectral_density
    from longnn.data.statistics import joined_labels, mixing

    degrees = dataset.graph.degrees()
    density = spectral_density(dataset.graph)
    if dataset.regression:
        joined = joined_labels(dataset)
        known = dataset.labels[dataset.labelled]
        return plot.valued_dataset(degrees, known, joined, density, dataset.name)
    counts = np.array([dataset.with_label(label).sum() for label in range(dataset.classes)])
    return plot.dataset(degrees, counts, mixing(dataset), density, dataset.name)


def _configured_names() -> list[str]:
    """What ``dataset=`` may be: `npz` and `edgelist`, which read files of the user's, too."""
    from .config.configs import options

    return options("dataset")


def _configured(name: str, overrides: list[str]) -> "Dataset":
    """The dataset that ``longnn train dataset=NAME OVERRIDES`` would train on."""
    from hydra import compose, initialize_config_dir

    from .config.checked import check_missing
    from .config.cli import CONF, check_command_line, register_resolvers
    from .jobs.loading import load

    words = [f"dataset={name}", *overrides]
    check_command_line(words)
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=words)
    check_missing(config)
    return load(config)


if __name__ == "__main__":
    raise SystemExit(main())
