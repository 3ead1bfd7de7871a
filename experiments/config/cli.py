"""What is checked or computed before Hydra starts a job; imports no jax."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from .configs import CONF, described, groups
from .identity import run_name
from .unknown import SCHEDULE, Known, key_problem, option_problem
from .words import check_options, check_several, overrides_of, parser


def register_resolvers() -> None:
    """Registers what config files compute.

    ``${run_name:}`` is the directory name of a run, ``${stem:PATH}`` the name of a file, and
    ``${config_groups:}`` the groups with their options.
    """
    OmegaConf.register_new_resolver("run_name", _run_name, replace=True)
    OmegaConf.register_new_resolver("config_groups", _config_groups, replace=True)
    OmegaConf.register_new_resolver("stem", lambda path: Path(path).stem, replace=True)


def _run_name(*, _root_: DictConfig) -> str:
    return run_name(_root_)


def _config_groups(*, _root_: DictConfig) -> str:
    sources = _root_.hydra.runtime.config_sources
    return described([Path(s.path) for s in sources if s.schema == "file" and s.path])


def check_command_line(arguments: list[str], config: str = "config") -> None:
    """Exits with a message for an option that does not exist or an output that cannot be made.

    Args:
        arguments: the command line without the program name.
        config: name of the command's file in conf/.

    Raises:
        SystemExit: with code 2 and the message.
    """
    parsed, unknown = parser().parse_known_args(arguments)
    if parsed.shell_completion:
        return  # what follows are not settings
    try:
        check_options(parsed, unknown)
        overrides = overrides_of(parsed.overrides)
        check_several(overrides, parsed.multirun)
    except ValueError as error:
        _exit(str(error))
    folders = [CONF, *_extra_folders(parsed.config_dir, overrides)]
    known = Known(folders, _chosen(folders, overrides), config)
    for override in overrides:
        problem = (
            package_problem(override) or code_problem(override) or key_problem(known, override)
        )
        if problem is None and override.key_or_group in ("hydra.run.dir", "hydra.sweep.dir"):
            given = str(override.value())
            problem = output_problem(Path(given)) if given else f"{override.key_or_group} is empty"
        if problem is not None:
            _exit(problem)


def _chosen(folders: list[Path], overrides: list[Override]) -> dict[str, list[str]]:
    """Group -> options that the command line chooses; exits where none of a list exists."""
    chosen: dict[str, list[str]] = {}
    for override in overrides:
        choices = _choices(override)
        problems = [option_problem(folders, *choice) for choice in choices]
        if choices and all(problems):
            _exit(problems[0] or "")
        for problem in filter(None, problems):  # that job will fail, the others run
            print(f"warning: {problem}", file=sys.stderr)
        for group, option in choices:
            chosen.setdefault(group, []).append(option)
    return chosen


def _choices(override: Override) -> list[tuple[str, str]]:
    """(group, option) pairs of an override that chooses from a group of ours."""
    group = override.key_or_group
    if group not in (*groups(), SCHEDULE) or override.is_delete():
        return []
    if override.value() is None and group in NEEDED:
        _exit(f"{group}=null: a command needs {NEEDED[group]}; leave it out for the default one")
    if override.is_sweep_override():
        return [(group, str(option)) for option in override.sweep_string_iterator()]
    return [] if override.value() is None else [(group, str(override.value()))]


def _extra_folders(config_dir: str | None, overrides: list[Override]) -> list[Path]:
    """Folders of the user's own."""
    folders = [Path(config_dir)] if config_dir else []
    for override in overrides:
        if override.key_or_group == "hydra.searchpath":
            paths = override.value()
            if isinstance(paths, list):
                folders += [Path(str(p).removeprefix("file://")) for p in paths]
    return folders


NEEDED = {
    "model": "a model",
    "split": "a split protocol",
    "optim": "an optimizer",
    SCHEDULE: "a schedule",
    "graph": "a graph's settings",
}
"""Groups of which something is always chosen."""

PACKAGES = {
    "hydra/launcher=joblib": ("hydra_plugins.hydra_joblib_launcher", "joblib"),
    "hydra/launcher=submitit_local": ("hydra_plugins.hydra_submitit_launcher", "slurm"),
    "hydra/launcher=submitit_slurm": ("hydra_plugins.hydra_submitit_launcher", "slurm"),
}
"""What a choice of Hydra's needs: a module, and the extra of ours that installs it."""


def package_problem(override: Override) -> str | None:
    """Says what to install where an override names a launcher of a package that is missing."""
    choice = override.input_line or ""
    module, extra = PACKAGES.get(choice, (None, None))
    if module is None or find_spec(module) is not None:
        return None
    return f'{choice} needs a package: pip install "longnn[{extra}]"'


def code_problem(override: Override) -> str | None:
    """Says why a setting of Hydra's own is refused through which a word could run any code."""
    key, value = override.key_or_group, override.value()
    if key == "hydra":
        return "set the parts of hydra one by one, such as hydra.run.dir=DIR"
    last = key.rpartition(".")[2]
    logs = key.startswith(("hydra.job_logging", "hydra.hydra_logging"))
    simple = last in ("level", "format", "datefmt", "filename", "mode") and "://" not in str(value)
    plugin = key in ("hydra.launcher._target_", "hydra.sweeper._target_")
    if key.startswith("hydra.job.env_set") and "LONGNN_TRUST" in f"{key}={value}":
        return "LONGNN_TRUST is an environment variable of the command itself, not of its jobs"
    named = key.startswith("hydra.") and "_target_" in f"{key}={value}"
    if key.startswith("hydra.callbacks") or plugin or named or (logs and not simple):
        return f"{key} names code for Hydra to run; put it into a config file (--config-dir DIR)"
    return None


def output_problem(directory: Path) -> str | None:
    """Says why ``directory`` cannot be made and written to; None if it can."""
    existing = directory.absolute()
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        return f"cannot write runs to {directory}: {existing} is not a directory; choose another"
    if not os.access(existing, os.W_OK):
        return f"cannot write runs to {directory}: no write permission on {existing}"
    return None


def _exit(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)
