"""What a file of conf/ says: its comment, its settings with values and comments, its target."""

import re
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(r"^( *)([\w.@/]+):(?: +([^#\s].*?))?(?: +# (.*))?$")


class Setting(NamedTuple):
    """One line of a config file.

    Attributes:
        name: dotted inside the file, such as "groups.mlp.lr".
        value: as it is written there.
        comment: what stands behind it, or "".
    """

    name: str
    value: str
    comment: str


class ConfigFile(NamedTuple):
    """One file of a config group.

    Attributes:
        option: the word that chooses it.
        about: the comment at its top.
        target: the class or function that takes its settings, or "".
        settings: in the order of the file.
    """

    option: str
    about: str
    target: str
    settings: tuple[Setting, ...]


def read(path: Path) -> ConfigFile:
    """The file, without its defaults list.

    Args:
        path: of the yaml file.
    """
    lines = path.read_text().splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith("#")]
    about = " ".join(line for line in comments if not line.startswith("@package"))
    found = [setting for setting in _settings(lines) if not setting.name.startswith("defaults")]
    target = next((setting.value for setting in found if setting.name == "_target_"), "")
    kept = [setting for setting in found if not setting.name.startswith("_")]
    return ConfigFile(path.stem, about, target, tuple(kept))


def _settings(lines: list[str]) -> list[Setting]:
    """Every line with a value; the parts of its name are the keys above it."""
    above: list[tuple[int, str]] = []
    found = []
    for number, line in enumerate(lines):
        if not (match := _LINE.match(line)):
            continue
        depth, key, value, comment = len(match[1]), match[2], match[3], match[4] or ""
        above = [(d, name) for d, name in above if d < depth]
        name = ".".join([*(name for _, name in above), key])
        if value is None and _holds_more(lines, number, depth):
            above.append((depth, key))
        else:
            found.append(Setting(name, value or "", comment))
    return found


def _holds_more(lines: list[str], number: int, depth: int) -> bool:
    """Whether the next line belongs to this one."""
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return len(following) - len(following.lstrip(" -")) > depth
