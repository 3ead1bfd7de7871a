"""``longnn tuned SEARCH... --into FILE``: the outcome of searches as tuned values.

SEARCH is a directory of a search (hydra.sweep.dir), FILE a conf/tuned/NAME.yaml. Entries of other
datasets stay as they are. Each new one says which command found it, in how many trials, on which
splits, and with which validation score.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import RESULT, read_result

from .sweep import manifest


def outcome(directory: Path) -> dict[str, Any]:
    """The outcome of a finished search: its best job's directory, its values, how many trials.

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


def entry_of(directory: Path) -> tuple[str, dict[str, Any]]:
    """(dataset, its entry) of a finished search.

    Raises:
        FileNotFoundError, ValueError: as :func:`outcome`; also if a searched key has no place in a
            tuned file.
    """
    found = outcome(directory)
    result = read_result(directory / found["directory"] / RESULT)
    split = result["config"]["split"]
    last = split["first_seed"] + split["count"] - 1
    (sweep,) = manifest.read(directory).values()
    entry: dict[str, Any] = {
        "source": "search",
        "search": {
            "command": manifest.command([a for a in sweep.command if "sweep.dir" not in a]),
            "trials": found["trials"],
            "splits": f"{result['split']}, seeds {split['first_seed']} to {last}",
            "validation": round(found["validation"], 2),
        },
    }
    for key, value in found["params"].items():
        _put(entry, key, value)
    return result["dataset"], entry


def _put(entry: dict[str, Any], key: str, value: Any) -> None:
    """model.X goes to model.X, optim.groups.G.X to optim.G.X."""
    value = float(f"{value:.6g}") if isinstance(value, float) else value
    match key.split("."):
        case ["model", name]:
            entry.setdefault("model", {})[name] = value
        case ["optim", "groups", group, name]:
            entry.setdefault("optim", {}).setdefault(group, {})[name] = value
        case _:
            raise ValueError(f"{key} was searched, but tuned values are of model.* and rates only")


def put(file: Path, entries: dict[str, dict[str, Any]]) -> None:
    """Writes entries into a tuned file, below the comment that it begins with."""
    text = file.read_text() if file.exists() else ""
    comment = [line for line in text.splitlines() if line.startswith("#")]
    known: Any = OmegaConf.to_container(OmegaConf.create(text)) if text else {}
    content = OmegaConf.to_yaml(OmegaConf.create(dict(sorted((known | entries).items()))))
    with atomic_write(file) as path:
        path.write_text("\n".join([*comment, content]))


def main(arguments: list[str] | None = None) -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="longnn tuned", description=__doc__)
    parser.add_argument("search", nargs="+", type=Path, help="hydra.sweep.dir of a search")
    parser.add_argument("--into", type=Path, required=True, help="conf/tuned/NAME.yaml")
    options = parser.parse_args(arguments)
    try:
        entries = dict(entry_of(directory) for directory in options.search)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    put(options.into, entries)
    print(f"{options.into}: {', '.join(entries)}")


if __name__ == "__main__":
    main()
