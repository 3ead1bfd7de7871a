"""What a finished search wrote down: ``search-HASH.json`` in its directory."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from longnn.runs.directory import RunDirectoryError, parsed
from longnn.runs.kinds import is_count, is_number, is_plain


class SearchOutcome(NamedTuple):
    """The outcome of a finished search.

    Attributes:
        directory: the name of the directory of its best job, in that of the search.
        params: the values that it found, by the key of the setting.
        trials: state -> how many trials ended so.
        validation: the mean validation score of the best job, in percent.
        finals: directory of each final -> that of its trial; empty for a search without.
    """

    directory: str
    params: dict[str, Any]  # plain values of a config
    trials: dict[str, int]
    validation: float
    finals: Mapping[str, str] = MappingProxyType({})


def search_outcome(directory: Path) -> SearchOutcome:
    """The outcome of a finished search.

    Args:
        directory: of the search.

    Raises:
        FileNotFoundError: if no search has finished there.
        ValueError: if several have, or the file is damaged.
    """
    files = sorted(directory.glob("search-*.json"))
    if not files:
        raise FileNotFoundError(
            f"no finished search in {directory}: no search-HASH.json; resume it with "
            f"longnn sweep resume {directory}"
        )
    if len(files) > 1:
        raise ValueError(f"{directory} holds {len(files)} searches; give a directory with one")
    content: Any = parsed(files[0])
    if not _is_outcome(content):
        raise RunDirectoryError(
            f"{files[0]} is damaged: it should hold the directory, params, trials and validation "
            f"of a search; move it away, and longnn sweep resume {directory} writes it again"
        )
    known = SearchOutcome._fields
    return SearchOutcome(**{name: content[name] for name in known if name in content})


def _is_outcome(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("directory"), str)
        and Path(content["directory"]).name == content["directory"]
        and isinstance(content.get("params"), dict)
        and is_plain(content["params"])
        and isinstance(content.get("trials"), dict)
        and all(map(is_count, content["trials"].values()))
        and is_number(content.get("validation"))
        and isinstance(content.get("finals", {}), dict)
        and all(isinstance(name, str) for name in content.get("finals", {}).values())
    )
