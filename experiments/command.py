"""The command ``longnn``: one word for each thing that it does. Imports no jax."""

import importlib
import os
import sys

COMMANDS = {
    "train": ("train", "train one model on all splits of a dataset, or many (-m)"),
    "sweep": ("sweep.__main__", "status, resume or watch a sweep"),
    "report": ("report.__main__", "tables, paired tests and figures from finished runs"),
    "data": ("data", "list, fetch, check and show datasets"),
    "approximate": ("approximate.__main__", "fit polynomial filters to known responses"),
    "tuned": ("tuned", "write the outcome of searches down as tuned values"),
    "doctor": ("doctor", "what this installation runs on, and why"),
    "build": ("build", "compile the native CPU kernels for this machine"),
    "reproduce": ("reproduce.__main__", "from a checkout: make the tables of docs/results again"),
}
"""Word -> module of this package whose ``main`` it calls, and what it does."""


def main() -> int:
    """Hands over to the command that the first argument names."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: longnn COMMAND ...")
        return 2
    sys.path.append(os.getcwd())  # models and datasets of the user's own; last, so it hides nothing
    module = importlib.import_module(f".{COMMANDS[arguments[0]][0]}", __package__)
    sys.argv = [f"longnn {arguments[0]}", *arguments[1:]]
    return int(module.main() or 0)
