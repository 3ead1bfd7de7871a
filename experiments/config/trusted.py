"""Whose code a command may run: the modules that config files of the user's own name.

A name in a file of DIR of ``--config-dir DIR`` is the user's word that its module is to be run. A
name on the command line is not, since the command of a sweep is read from its directory again.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from hydra.conf import HydraConf

from longnn.runs.trust import PACKAGES, VARIABLE, trusted_modules

from .configs import CONF, groups


def own_modules(hydra: HydraConf) -> tuple[str, ...]:
    """The modules that files in the config folders of the user's own name.

    Where LONGNN_TRUST is set, those that it names instead: it says alone what is trusted.

    Args:
        hydra: Hydra's own node of a composed config.
    """
    if VARIABLE in os.environ:
        return trusted_modules()
    sources = hydra.runtime.config_sources
    folders = [Path(s.path) for s in sources if s.schema == "file" and s.path]
    return modules_named(folder for folder in folders if folder.resolve() != CONF)


def modules_named(folders: Iterable[Path]) -> tuple[str, ...]:
    """The top-level modules that ``_target_`` names in the files of config groups.

    What else lies in a folder, such as run directories, is not looked at, nor are tuned values,
    which a search has written. A file that is no YAML names none.

    Args:
        folders: where config files lie.
    """
    wanted = [group for group in groups() if group != "tuned"]
    files = [f for folder in folders for group in wanted for f in (folder / group).rglob("*.yaml")]
    named = {name.partition(".")[0] for file in files for name in _targets(file) if "." in name}
    return tuple(sorted(named - {*PACKAGES, "hydra_plugins"}))


def _targets(file: Path) -> Iterator[str]:
    """The names of code in a file, in which nothing is built: ``_target_``, and a ``loss``."""
    try:
        nodes = [yaml.compose(file.read_text(errors="replace"), Loader=yaml.CSafeLoader)]
    except yaml.YAMLError:
        return  # Hydra says so when the file is chosen
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value in ("_target_", "loss") and isinstance(value, yaml.ScalarNode):
                    yield value.value
                nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
