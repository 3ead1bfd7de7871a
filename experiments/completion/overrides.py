"""Words that fit into a command line that Hydra reads: options, groups, keys, values.

They come from the config files, composed with the choices that stand on the line already, so that
``model=mlp model.<TAB>`` names the settings of the MLP.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..config.cli import CONF, register_resolvers

OPTIONS = {
    "--cfg": ("job", "hydra", "all"),
    "--config-dir": None,
    "--help": (),
    "--hydra-help": (),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "--multirun": (),
    "--package": None,
    "--resolve": (),
    "--version": (),
}
"""Options of Hydra's that serve these commands, and the words that fit after each; None: any."""


def fitting(words: list[str], word: str, config: str) -> list[str]:
    """Everything that can stand in place of ``word``.

    Args:
        words: the complete words before it, without the command's name.
        word: the word at the cursor, as far as it is typed.
        config: name of the command's file in conf/.

    Returns:
        Whole words, sorted. One that goes on ends with ``=``, ``.`` or ``/``. Empty where any
        word fits, such as the name of a file.
    """
    after = OPTIONS.get(words[-1], ()) if words else ()
    if after or after is None:
        return [value for value in after or () if value.startswith(word)]
    if word.startswith("-"):
        return [option for option in OPTIONS if option.startswith(word)]
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return sorted(_Composed(words, config).fitting(word))


class _Composed:
    """The config of the words on the line."""

    def __init__(self, words: list[str], config: str) -> None:
        self._loader: ConfigLoader = GlobalHydra.instance().config_loader()
        self._config = config
        self._folders = list(_searched(words))
        self._words = [*self._folders, *_choices(words)]

    @cached_property
    def _tree(self) -> dict[str, Any]:
        try:
            return self._composed(self._words)
        except (HydraException, OmegaConfBaseException):  # a word of the line is wrong
            return self._composed(self._folders)

    def _composed(self, overrides: list[str]) -> dict[str, Any]:
        found = compose(self._config, overrides=overrides, return_hydra_config=True)
        plain: Any = OmegaConf.to_container(found, resolve=False)
        return plain

    def fitting(self, word: str) -> list[str]:
        """Groups, keys or values that begin as ``word`` does."""
        typed = word.lstrip("+~")
        mark = word[: len(word) - len(typed)]
        if "=" in typed:
            found = self._values(typed)
        elif "/" in typed:
            found = self._groups(typed.rpartition("/")[0])
        else:
            found = self._names(typed, added="+" in mark)
        return [mark + each for each in found if each.startswith(typed)]

    def _options(self, group: str, kind: ObjectType) -> list[str]:
        return self._loader.get_group_options(group, kind, self._config, self._folders)

    def _values(self, typed: str) -> list[str]:
        """``dataset=cora``, also after a comma; ``force=true``."""
        key, _, value = typed.partition("=")
        values = self._options(key, ObjectType.CONFIG)
        if not values and isinstance(self._node(key), bool):
            values = ["false", "true"]
        start = value[: value.rfind(",") + 1]
        return [f"{key}={start}{each}" for each in values]

    def _groups(self, parent: str) -> list[str]:
        """``hydra/launcher=``, and ``hydra/`` for a group of groups."""
        found = []
        for name in self._options(parent, ObjectType.GROUP):
            group = f"{parent}/{name}" if parent else name
            found += [f"{group}="] if self._options(group, ObjectType.CONFIG) else []
            found += [f"{group}/"] if self._options(group, ObjectType.GROUP) else []
        return found

    def _names(self, typed: str, added: bool) -> list[str]:
        """Groups of the command (all of them after a plus sign), and keys."""
        chosen = {*self._tree["hydra"]["runtime"]["choices"], "hydra"}
        groups = [] if "." in typed else self._groups("")
        groups = [each for each in groups if added or each[:-1] in chosen]
        found = [each for each in [*groups, *self._keys(typed)] if each.startswith(typed)]
        while len(found) == 1 and found[0].endswith("."):  # one node alone: on below it
            found = self._keys(found[0])
        return found

    def _keys(self, typed: str) -> list[str]:
        """``seed=``, and ``optim.`` for a node."""
        start = typed[: typed.rfind(".") + 1]
        node = self._node(start[:-1]) if start else self._tree
        items = node.items() if isinstance(node, dict) else ()
        return [
            f"{start}{name}{'.' if value and isinstance(value, dict) else '='}"
            for name, value in items
            if not str(name).startswith("_")  # _target_
        ]

    def _node(self, key: str) -> Any:
        node: Any = self._tree
        for name in key.split("."):
            node = node.get(name) if isinstance(node, dict) else None
        return node


def _searched(words: list[str]) -> Iterator[str]:
    """The folder of the user's own config files, as Hydra's override says it."""
    for option, folder in pairwise(words):
        if option in ("--config-dir", "-cd"):
            yield f"hydra.searchpath=[file://{Path(folder).expanduser().absolute()}]"
    yield from (word for word in words if word.startswith("hydra.searchpath="))


def _choices(words: list[str]) -> Iterator[str]:
    """Choices of groups on the line; of a sweep the first one."""
    for word in words:
        group, _, option = word.partition("=")
        if option and (CONF / group.lstrip("+")).is_dir():
            yield f"{group}={option.partition(',')[0]}"
