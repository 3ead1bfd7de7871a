"""The words of a command line that Hydra reads: options and overrides; imports no jax."""

import argparse
import re
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from .configs import groups, options
from .meant import advice

SHOWING = ("-h", "--help", "--hydra-help", "-c", "--cfg", "-i", "--info", "--version")
"""Options that show something, so that nothing is trained."""


def in_order(arguments: list[str]) -> list[str]:
    """The command line with options first, since Hydra takes overrides at one place only.

    Args:
        arguments: without the program name, such as ``["seed=1,2", "-m", "model=mlp"]``.
    """
    arguments = [_as_added(word) for word in arguments]
    known, unknown = parser().parse_known_args(arguments)
    late = [word for word in unknown if _OVERRIDE.match(word)]
    moved = [word for word in arguments if word in known.overrides or word in late]
    return [word for word in arguments if word not in moved] + moved


def _as_added(word: str) -> str:
    """A part of ``optim.transformation``, which no config file lists, as Hydra wants it."""
    return f"++{word}" if word.startswith("optim.transformation.") else word


_OVERRIDE = re.compile(r"[~+]*[\w@/.]+(:\w+)?=|~\w")
"""How a word begins that sets or deletes something."""


def parser() -> argparse.ArgumentParser:
    """Hydra's options, so that neither they nor their values are taken for overrides."""
    made = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    made.add_argument("overrides", nargs="*")
    made.add_argument("--info", "-i", nargs="?")
    for name in ("--help", "--hydra-help", "--multirun", "--resolve", "--run", "--version"):
        made.add_argument(name, *_SHORT.get(name, ()), action="store_true")
    made.add_argument("--shell-completion", "-sc", action="store_true")
    for name in ("--cfg", "--config-dir", "--config-name", "--config-path", "--package"):
        made.add_argument(name, *_SHORT.get(name, ()))
    made.add_argument("--experimental-rerun")
    return made


_SHORT = {
    "--cfg": ["-c"],
    "--config-dir": ["-cd"],
    "--config-name": ["-cn"],
    "--config-path": ["-cp"],
    "--help": ["-h"],
    "--multirun": ["-m"],
    "--package": ["-p"],
    "--run": ["-r"],
}


def check_options(parsed: argparse.Namespace, unknown: list[str]) -> None:
    """Refuses options that do not exist, or that would do something else than is meant.

    Args:
        parsed: what :func:`parser` understood.
        unknown: words that it did not.

    Raises:
        ValueError: naming the option, and what to write.
    """
    if parsed.experimental_rerun:
        raise ValueError(
            "--experimental-rerun runs whatever a pickle of a run directory says; give the settings"
        )
    if parsed.config_dir and not Path(parsed.config_dir).is_dir():
        raise ValueError(
            f"--config-dir {parsed.config_dir}: there is no such folder; check its path"
        )
    for word in unknown:
        name = word.strip("-")
        setting = name if "=" in name else f"{name}=VALUE"
        hint = advice(name.partition("=")[0], []) or f"{setting}; see --help"
        raise ValueError(f"unknown option {word!r}: settings are written without dashes; {hint}")


def overrides_of(words: list[str]) -> list[Override]:
    """The overrides of a command line.

    Args:
        words: without options.

    Raises:
        ValueError: at the first word that is none.
    """
    grammar, found = OverridesParser.create(), []
    for word in words:
        try:
            found.append(grammar.parse_override(word))
        except HydraException as error:
            raise ValueError(_no_setting(word)) from error
    return found


def _no_setting(word: str) -> str:
    """Says what is wrong with a word that cannot be read."""
    key, equals, _ = word.partition("=")
    if equals and key:
        return (
            f"{word!r} cannot be read: put a value that holds spaces, commas, brackets, ~ or "
            f"quotes of its own in quotes, \"{key}='a b'\""
        )
    found = [f"{group}={word}" for group in groups() if word in options(group)]
    hint = f"; did you mean {' or '.join(found)}?" if found else ", such as dataset=cora"
    return f"{word!r} is no setting: write key=value without spaces around ={hint}"


def check_several(overrides: list[Override], multirun: bool) -> None:
    """Refuses several values of a setting where nothing says that they are a sweep.

    Args:
        overrides: of the command line.
        multirun: whether ``-m`` stands on it.

    Raises:
        ValueError: naming the setting.
    """
    if multirun or {"experiment", "hydra.mode"} & {o.key_or_group for o in overrides}:
        return
    for override in overrides:
        if override.is_sweep_override():
            raise ValueError(
                f"{override.input_line} has several values: add -m for a run of each, or write a "
                f"list as {override.key_or_group}=[...]"
            )
