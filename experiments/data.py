"""``longnn data list | fetch NAME... | check NAME... | show NAME``.

Imports jax only where a dataset is loaded, so that ``list`` answers at once.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from longnn.data.download import DataFileError, place
from longnn.data.registry import unknown

from .catalogue import catalogue, files, state
from .cli import CONF, register_resolvers

EXAMPLES = """examples:
  longnn data list                 what there is, and what is here already
  longnn data fetch cora citeseer  download, with a progress bar
  longnn data check cora           checksums and statistics
  longnn data show squirrel_filtered   statistics, and a figure
  longnn data show grid dataset.rows=50 --output grid.png
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 if a dataset failed."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (DataFileError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "experiments.data",
        description="Datasets of the field: list, download, check, look at them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="sizes, classes, homophily, licence, cache state")
    listing.set_defaults(command=_list)
    for name, command, text in (
        ("fetch", _fetch, "download what is not here yet"),
        ("check", _check, "compare checksums and statistics"),
    ):
        sub = commands.add_parser(name, help=text)
        sub.add_argument("names", nargs="+", metavar="NAME")
        sub.set_defaults(command=command)
    show = commands.add_parser("show", help="print statistics and draw a figure")
    show.add_argument("name", metavar="NAME")
    show.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="such as dataset.seed=1")
    show.add_argument("--output", type=Path, help="of the figure; NAME.png by default")
    show.set_defaults(command=_show)
    return parser


def _list(options: argparse.Namespace) -> int:
    table = Table("dataset", "nodes", "edges", "features", "classes", "homophily: edge", "node",
                  "adjusted", "metric", "here", "licence", box=None)  # fmt: skip
    for name, config in catalogue().items():
        about = config.get("about")
        if about is None:
            table.add_row(name, *[""] * 8, "no file needed", "")
            continue
        sizes = [about.get(key) for key in ("nodes", "edges", "features", "classes")]
        missing = "-" if about.get("nodes") else "?"  # there is none, or never loaded
        cells = [f"{size:,}" if size else missing for size in sizes]
        values = about.get("homophily") or [None] * 3
        cells += [missing if value is None else f"{value:.3f}" for value in values]
        table.add_row(name, *cells, config["metric"], state(about), about["licence"])
    # without a terminal, lines stay whole: they go into a file or through grep
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(table)
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from .loading import download

    for name in options.names:
        names = files(_about(name))
        download(names)
        print(
            f"{name}: {len(names)} files in {_folders(names)}"
            if names
            else f"{name}: drawn, it needs no file"
        )
    return 0


def _check(options: argparse.Namespace) -> int:
    failed = 0
    for name in options.names:
        problems = _problems(name)
        failed += bool(problems)
        print(f"{name}: {'; '.join(problems) or 'checksums and statistics agree'}")
    return int(bool(failed))


def _problems(name: str) -> list[str]:
    from longnn.data.statistics import statistics

    about = _about(name)
    try:
        found = statistics(_load(name, []))
    except (DataFileError, ValueError) as error:
        return [str(error)]
    expected = {
        key: about[key] for key in ("nodes", "edges", "features", "classes") if about.get(key)
    }
    kinds = ("edge", "node", "adjusted")
    for kind, value in zip(kinds, about.get("homophily") or (), strict=False):
        expected[f"homophily, {kind}"] = value
    if "correlation" in about:
        expected["label correlation"] = about["correlation"]
    return [
        f"{key} is {found[key]:.6g}, expected {value:.6g}"
        for key, value in expected.items()
        if abs(found[key] - value) > 5e-5
    ]


def _show(options: argparse.Namespace) -> int:
    from longnn import plot
    from longnn.analysis import spectral_density
    from longnn.data.statistics import joined_labels, mixing, statistics

    dataset = _load(options.name, options.overrides)
    for key, value in statistics(dataset).items():
        print(f"{key:20} {value:,}" if isinstance(value, int) else f"{key:20} {value:.4f}")
    protocols = ", ".join(dataset.shipped) or "none"
    print(f"{'metric':20} {dataset.metric}\n{'shipped splits':20} {protocols}")
    print(f"{'checksum':20} {dataset.checksum}")
    known, degrees = dataset.labels[dataset.labelled], dataset.graph.degrees()
    density = spectral_density(dataset.graph)
    if dataset.regression:
        joined = joined_labels(dataset)
        figure = plot.valued_dataset(degrees, known, joined, density, dataset.name)
    else:
        counts = np.bincount(known, minlength=dataset.classes)
        figure = plot.dataset(degrees, counts, mixing(dataset), density, dataset.name)
    output = options.output or Path(f"{options.name}.png")
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=150)
    print(f"{'figure':20} {output}")
    return 0


def _about(name: str) -> dict[str, Any]:
    known = catalogue()
    if name not in known:
        raise unknown("dataset", name, list(known))
    return known[name].get("about") or {}


def _load(name: str, overrides: list[str]) -> Any:
    from hydra import compose, initialize_config_dir

    from .loading import load

    _about(name)
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[f"dataset={name}", *overrides])
    assert isinstance(config, DictConfig)
    return load(config)


def _folders(names: list[str]) -> str:
    return " and ".join(sorted({str(place(name).parent) for name in names}))


if __name__ == "__main__":
    raise SystemExit(main())
