"""The command ``longnn``: one word for each thing that it does.

What this file imports is loaded at every start, also of ``longnn --help`` and of each press of
the tab key: nothing but the standard library.
"""

import difflib
import errno
import importlib
import os
import sys
from importlib.util import find_spec

from longnn.version import __version__

from .config.commands import COMMANDS, RENAMED
from .config.here import DirectoryGoneError, current_directory, import_from
from .garbage import end_quickly


def main() -> int:
    """Hands over to the command that the first argument names.

    Returns:
        The exit status: that of the command; 2 where there is none of this name, or where it
        cannot start.
    """
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what fits at the cursor
        from .completion.cursor import answer

        answer()
    arguments = sys.argv[1:]
    if not arguments:
        print(usage(), file=sys.stderr)
        return 2
    if arguments[0] in ("-h", "--help"):
        print(usage())
        return 0
    if arguments[0] == "--version":
        print(f"longnn {__version__}")
        return 0
    problem = command_problem(*arguments)
    if problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    return _run(*arguments)


def usage() -> str:
    """The text of ``longnn --help``."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:{width}}{command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: longnn COMMAND ...",
            "       longnn COMMAND --help",
            "",
            "Spectral graph neural networks with learnable orthonormal bases, in JAX.",
            "",
            "commands:",
            *lines,
            "",
            'Completion in this shell: eval "$(longnn completion bash)"',
            "The version: longnn --version",
        ]
    )


def command_problem(name: str, *arguments: str) -> str | None:
    """Says why a command cannot run, and what can be typed instead; None if it can.

    Args:
        name: the first word of the command line.
        arguments: the words after it.
    """
    if name not in COMMANDS:
        near = [RENAMED[name]] if name in RENAMED else difflib.get_close_matches(name, COMMANDS)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        kind = "option" if name.startswith("-") else "command"
        return f"unknown {kind} {name!r}: {hint}The commands are {', '.join(COMMANDS)}."
    package = COMMANDS[name].module.removesuffix(".__main__")
    if find_spec(package) is None:
        return (
            f"longnn {name} works in a checkout of the repository, and this is an installed "
            "package without docs/results; clone the repository and run make install there"
        )
    if COMMANDS[name].config is not None and {"-sc", "--shell-completion"} & {*arguments}:
        return 'the tab key completes after: eval "$(longnn completion bash)"'
    return None


def _run(name: str, *arguments: str) -> int:
    """Calls the command, and turns what a user can mend into a message."""
    sys.argv = [f"longnn {name}", *arguments]
    end_quickly()
    os.environ["PYTHONSAFEPATH"] = "1"  # python -m, which launchers start, adds no directory
    try:
        import_from(current_directory())
        return int(importlib.import_module(COMMANDS[name].module).main() or 0)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # longnn report runs | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        message = _file_problem(error)
        if message is None:
            raise
        print(f"error: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _file_problem(error: OSError) -> str | None:
    """What to do about a directory that is gone or cannot be written to; None for other errors."""
    if isinstance(error, DirectoryGoneError):
        return str(error)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"cannot write {error.filename}: {error.strerror}. Change to a directory that you may "
            "write to, or name another file"
        )
    return None
