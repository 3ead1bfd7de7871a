"""Where the config files lie, and which options and keys they have; imports no jax."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

_HERE = Path(__file__).resolve().parents[1]
CONF = next(f for f in (_HERE / "conf", _HERE.parent / "conf") if f.is_dir())
"""Config files: inside the installed package, or beside it in a checkout."""


def groups(folders: Iterable[Path] = (CONF,)) -> list[str]:
    """Names of the groups, which are the folders of config files that a command line chooses from.

    Args:
        folders: where config files lie.
    """
    return sorted(
        {group.name for folder in folders for group in folder.iterdir() if group.is_dir()}
    )


def inner_groups(group: str, folders: Iterable[Path] = (CONF,)) -> list[str]:
    """Names of the groups inside a group, as ``schedule`` in ``optim``.

    Args:
        group: a name of :func:`groups`.
        folders: where config files lie.
    """
    inside = [folder / group for folder in folders if (folder / group).is_dir()]
    return groups(inside) if group != "tuned" else []  # whose folders are sources of values


def options(group: str, folders: Iterable[Path] = (CONF,)) -> list[str]:
    """Names of the files of a group: what ``group=`` may be.

    Args:
        group: a name of :func:`groups`.
        folders: where config files lie.
    """
    return sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})


def keys_of(node: object, prefix: str = "") -> list[str]:
    """Dotted keys of a config, those of its inner nodes too; none of what is no mapping.

    Args:
        node: a config.
        prefix: put before every key.
    """
    if not isinstance(node, DictConfig):
        return []
    found = []
    for key in map(str, node):
        if key not in ("defaults", "hydra"):
            found.append(prefix + key)
            found += keys_of(node._get_node(key), f"{prefix}{key}.")
    return found


def keys_in(file: Path) -> list[str]:
    """Dotted keys of a config file."""
    return keys_of(OmegaConf.load(file))


def described(folders: Sequence[Path]) -> str:
    """All groups and their options, a paragraph for each group, as ``--help`` shows them.

    Args:
        folders: where config files lie.
    """
    wrap = textwrap.TextWrapper(
        96, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )

    def line(group: str) -> str:
        named = [group, *(f"{group}/{inner}" for inner in inner_groups(group, folders))]
        return "; ".join(f"{name}: {', '.join(options(name, folders))}" for name in named)

    return "\n".join(wrap.fill(line(group)) for group in groups(folders))
