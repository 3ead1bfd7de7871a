"""What is checked or computed before Hydra starts a job; imports no jax."""

import difflib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from .identity import run_name

_HERE = Path(__file__).resolve().parent
CONF = next(f for f in (_HERE / "conf", _HERE.parent / "conf") if f.is_dir())
"""Config files: inside the installed package, or beside it in a checkout."""


def register_resolvers() -> None:
    """``${run_name:}``, the directory name of a run, and ``${stem:PATH}``, a file's name."""
    OmegaConf.register_new_resolver("run_name", _run_name, replace=True)
    OmegaConf.register_new_resolver("stem", lambda path: Path(path).stem, replace=True)


def _run_name(*, _root_: DictConfig) -> str:
    return run_name(_root_)


def check_command_line(arguments: list[str], config: str = "config") -> None:
    """Exits with a message for an option that does not exist or an output that cannot be made.

    Args:
        arguments: the command line without the program name.
        config: name of the command's file in conf/.

    Raises:
        SystemExit: with code 2 and the message.
    """
    parsed = get_args_parser().parse_known_args(arguments)[0]
    try:
        overrides = OverridesParser.create().parse_overrides(parsed.overrides)
    except HydraException:
        return  # Hydra reports it better than we could
    folders = [CONF, *_extra_folders(parsed.config_dir, overrides)]
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
    for override in overrides:
        message = package_problem(override) or key_problem(folders, chosen, override, config)
        if message:
            _exit(message)
        if override.key_or_group in ("hydra.run.dir", "hydra.sweep.dir"):
            message = output_problem(Path(str(override.value())))
            if message:
                _exit(message)


def option_problem(folders: list[Path], group: str, option: str) -> str | None:
    """Says why ``group=option`` names no config file, with the nearest names; None if it does."""
    options = sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})
    if not options or option in options:
        return None
    near = difflib.get_close_matches(option, options)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return (
        f"unknown {group} {option!r}: {hint}There are {', '.join(options)}. "
        f"Your own goes into DIR/{group}/{option}.yaml with --config-dir DIR."
    )


def key_problem(
    folders: list[Path], chosen: dict[str, list[str]], override: Override, config: str = "config"
) -> str | None:
    """Says why an override sets a value that no config has, with the nearest keys.

    Args:
        folders: where config files lie.
        chosen: group -> options on the command line; of other groups any option counts.
        override: of the command line.
        config: name of the command's file in conf/.
    """
    key = override.key_or_group
    adds = override.is_add() or override.is_force_add() or override.is_delete()
    if adds or any(c in key for c in "@/") or key.startswith("hydra.") or (CONF / key).is_dir():
        return None
    group = key.partition(".")[0]
    if (CONF / group).is_dir():
        names, folder_of, prefix = _options(chosen, group, config), group, f"{group}."
    else:
        names, folder_of, prefix = [config], ".", ""
    files = [f for folder in folders for n in names for f in (folder / folder_of).glob(f"{n}.yaml")]
    known = {prefix + name for file in files for name in _keys(OmegaConf.load(file))}
    if not files or key in known:
        return None
    if not prefix:
        known |= {group.name for group in CONF.iterdir() if group.is_dir()}
    near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    near = near or difflib.get_close_matches(group, known, n=3, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}."
    )
    of = f" of {group}={','.join(names)}" if prefix and names != ["*"] else ""
    others = [
        f"{group}={file.stem}"
        for folder in folders
        for file in sorted((folder / folder_of).glob("*.yaml"))
        if prefix and key in {prefix + name for name in _keys(OmegaConf.load(file))}
    ]
    elsewhere = f" {', '.join(others)} has it." if others else ""
    return f"unknown key {key!r}{of}: {hint}{elsewhere} A new key is added with +{key}=..."


def _options(chosen: dict[str, list[str]], group: str, config: str) -> list[str]:
    """What a group is, as far as the command line says; "*" where another file decides."""
    if group in chosen:
        return chosen[group]
    if group in ("split", "graph") or "sweep" in chosen:  # of a dataset, of a model, of a space
        return ["*"]
    defaults: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{config}.yaml"))
    named = [entry for entry in defaults["defaults"] if isinstance(entry, dict)]
    return [entry[group] for entry in named if entry.get(group)] or ["*"]


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


def nearest(key: str, config: DictConfig) -> list[str]:
    """Keys of a composed config that look like ``key``."""
    return difflib.get_close_matches(key, _keys(config), n=3, cutoff=0.5)


def _keys(node: Any, prefix: str = "") -> list[str]:
    """Dotted keys of a config, of its inner nodes too."""
    if not isinstance(node, DictConfig):
        return []
    found = []
    for key in map(str, node):
        if key not in ("defaults", "hydra"):
            found.append(prefix + key)
            found += _keys(node._get_node(key), f"{prefix}{key}.")
    return found


def output_problem(directory: Path) -> str | None:
    """Says why ``directory`` cannot be made and written to; None if it can."""
    nearest = directory.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        return f"cannot write runs to {directory}: {nearest} is not a directory; choose another"
    if not os.access(nearest, os.W_OK):
        return f"cannot write runs to {directory}: no write permission on {nearest}"
    return None


def _choices(override: Override) -> list[tuple[str, str]]:
    """(group, option) pairs of an override that chooses from a group of ours."""
    group = override.key_or_group
    if "." in group or not (CONF / group).is_dir() or override.is_delete():
        return []
    if override.is_sweep_override():
        return [(group, str(option)) for option in override.sweep_string_iterator()]
    return [(group, str(override.value()))]


def _extra_folders(config_dir: str | None, overrides: list[Override]) -> list[Path]:
    folders = [Path(config_dir)] if config_dir else []
    for override in overrides:
        if override.key_or_group == "hydra.searchpath":
            paths = override.value()
            if isinstance(paths, list):
                folders += [Path(str(p).removeprefix("file://")) for p in paths]
    return folders


def _exit(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)
