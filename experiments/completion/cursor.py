"""What fits at the cursor: the process that the shell's script starts at each press of the tab key.

The script hands the line over in environment variables (COMP_LINE, COMP_POINT, _ARGCOMPLETE).
argcomplete takes the line apart, asks here for the words that fit, and writes them.
"""

import argparse
import importlib
import os
from collections.abc import Callable

from argcomplete.finders import CompletionFinder

from ..config.commands import COMMANDS


def answer() -> None:
    """Writes what fits at the cursor, and ends the process."""
    line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
    before = line.split() if line[-1:].isspace() else line.split()[:-1]
    if len(before) < 2:
        _answer(_commands)
    command = COMMANDS.get(before[1])
    if command is None:
        _answer(lambda word: [])
    elif command.config is None:
        os.environ["_ARGCOMPLETE"] = "2"  # the second word of the line stands for the program
        parser: argparse.ArgumentParser = importlib.import_module(command.module).parser()
        CompletionFinder()(parser, always_complete_options=False)
    else:
        from .overrides import fitting

        words, config = before[2:], command.config
        _answer(lambda word: fitting(words, word, config))


def _commands(word: str) -> list[str]:
    words = ["--help", "--version"] if word.startswith("-") else list(COMMANDS)
    return [each for each in words if each.startswith(word)]


def _answer(fitting: Callable[[str], list[str]]) -> None:
    """Writes the words that ``fitting`` has for the one at the cursor, and ends the process."""

    class Finder(CompletionFinder):
        def collect_completions(
            self,
            active_parsers: list[argparse.ArgumentParser],
            parsed_args: argparse.Namespace,
            cword_prefix: str,
        ) -> list[str]:
            return fitting(cword_prefix)

    Finder()(argparse.ArgumentParser(add_help=False))
