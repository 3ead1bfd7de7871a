"""The commands of ``longnn``: a table, which a new command joins by one entry.

It is read at every start and at each press of the tab key, and imports the standard library alone.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """A word of the command line.

    Attributes:
        module: dotted name of the module whose ``main()`` reads the rest of ``sys.argv``. A module
            without ``config`` also has ``parser()``, the :class:`argparse.ArgumentParser` from
            which shell completion takes its options.
        summary: what the command does, in one line of ``longnn --help``.
        config: the file in conf/ whose groups and keys complete the command line, where Hydra
            reads it.
    """

    module: str
    summary: str
    config: str | None = None


COMMANDS = {
    "train": Command(
        "longnn.experiments.train",
        "train a model on all splits of a dataset, or a sweep of many (-m)",
        config="config",
    ),
    "predict": Command(
        "longnn.experiments.predict", "what a finished run says of the nodes of a graph, as a table"
    ),
    "sweep": Command(
        "longnn.experiments.sweep.__main__", "show, resume or watch the jobs of a sweep"
    ),
    "report": Command(
        "longnn.experiments.report.__main__", "tables, paired tests and figures of finished runs"
    ),
    "data": Command(
        "longnn.experiments.data", "list, download and show datasets, build large ones on the disk"
    ),
    "approximate": Command(
        "longnn.experiments.approximate.__main__",
        "fit polynomial filters to known responses",
        config="approximate",
    ),
    "tuned": Command(
        "longnn.experiments.tuned", "write what a search found into a file of tuned values"
    ),
    "doctor": Command("longnn.doctor", "what this installation runs on, and why"),
    "build": Command(
        "longnn.operators.native.build", "compile the native CPU kernels for this machine"
    ),
    "completion": Command(
        "longnn.experiments.completion.command", "print the script that completes with the tab key"
    ),
    "reproduce": Command(
        "longnn.experiments.reproduce.__main__",
        "from a checkout: make the tables of docs/results again",
    ),
}
"""Everything that ``longnn`` does, in the order of its help."""

RENAMED = {"datasets": "data", "filters": "approximate", "paired": "report --against FILE"}
"""What was a program of its own under another name, ``python -m experiments.NAME``."""
