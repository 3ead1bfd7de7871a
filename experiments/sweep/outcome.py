"""What a finished search wrote down: ``search-HASH.json`` in its directory."""

import json
from pathlib import Path
from typing import Any


def search_outcome(directory: Path) -> dict[str, Any]:
    """The outcome of a finished search: its best job's directory, its values, how many trials.

    Args:
        directory: of the search.

    Raises:
        FileNotFoundError: if no search has finished there.
        ValueError: if several have.
    """
    files = sorted(directory.glob("search-*.json"))
    if not files:
        raise FileNotFoundError(
            f"no finished search in {directory}: no search-HASH.json; resume it with "
            f"longnn sweep resume {directory}"
        )
    if len(files) > 1:
        raise ValueError(f"{directory} holds {len(files)} searches; give a directory with one")
    found: dict[str, Any] = json.loads(files[0].read_text())
    return found
