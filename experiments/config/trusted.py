"""Whose code a command may run: the modules that config files of the user's own name.

A name in a file of DIR of ``--config-dir DIR`` is the user's word that its module is to be run. A
name on the command line is not, since the command of a sweep is read from its directory again.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

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

    What else lies in a folder, such as run directories, is not looked at.

    Args:
        folders: where config files lie.
    """
    files = [
        f for folder in folders for group in groups() for f in (folder / group).rglob("*.yaml")
    ]
    texts = [file.read_text(errors="replace") for file in files]
    named = {name for text in texts for name in _TARGET.findall(text)}
    return tuple(sorted(named - {*PACKAGES, "hydra_plugins"}))


_TARGET = re.compile(r"""\b_target_['"]?\s*:\s*['"]?(\w+)\.""")
