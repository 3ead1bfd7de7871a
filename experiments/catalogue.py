"""What conf/dataset says of the datasets; imports no jax."""

from typing import Any

from omegaconf import OmegaConf

from longnn.data.download import place
from longnn.data.registry import matching

from .cli import CONF


def catalogue() -> dict[str, dict[Any, Any]]:
    """Content of every file in conf/dataset that needs no path of the user's."""
    found = {}
    for path in sorted((CONF / "dataset").glob("*.yaml")):
        config = OmegaConf.to_container(OmegaConf.load(path))
        assert isinstance(config, dict)
        if "???" not in config.values():
            found[path.stem] = config
    return found


def files(about: dict[str, Any]) -> list[str]:
    """Registered files that a dataset's entry ``about.files`` names, by patterns."""
    return matching(str(about.get("files", "")))


def state(about: dict[str, Any]) -> str:
    """Which of a dataset's files are here; nothing is read."""
    names = files(about)
    here = sum(place(name).is_file() for name in names)
    if not here:
        return "no"
    return "yes" if here == len(names) else f"{here} of {len(names)}"
