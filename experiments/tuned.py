"""``longnn tuned SEARCH... --into FOLDER``: the outcome of searches as tuned values.

SEARCH is the directory of a finished search (its hydra.sweep.dir), FOLDER is conf/tuned/NAME, or
DIR/tuned/NAME in a folder of your own. Each search is written into FOLDER/MODEL_DATASET.yaml, which
``longnn train tuned=NAME`` (with ``--config-dir DIR``) then uses for this model on this dataset.
The file also says which command found the values, in how many trials, on which splits, and with
which validation score.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from longnn.runs import Result, RunDirectoryError, read_result
from longnn.runs.atomic import atomic_write
from longnn.runs.kinds import is_count

from .sweep import manifest
from .sweep.outcome import search_outcome

HEADER = "# @package _global_\n"
"""Says that a file's values are those of the whole config."""


class Entry(NamedTuple):
    """Tuned values for one model on one dataset.

    Attributes:
        name: MODEL_DATASET.
        content: values of ``model`` and ``optim``, and under ``tuned`` where they are from.
    """

    name: str
    content: dict[str, Any]


def entry_of(directory: Path) -> Entry:
    """The tuned values that a finished search found.

    Args:
        directory: of the search.

    Raises:
        FileNotFoundError: as :func:`search_outcome`.
        ValueError: likewise, and if a key was searched that has no place among tuned values.
    """
    found = search_outcome(directory)
    result = read_result(directory / found.directory)
    sweep, *others = manifest.read(directory).values()
    if others:
        raise ValueError(f"{directory} holds {1 + len(others)} sweeps; give one of a single search")
    search = {
        "command": manifest.command([a for a in sweep.command if "sweep.dir" not in a]),
        "trials": found.trials,
        "splits": f"{result.split}, {_chosen_on(result)}",
        "validation": round(found.validation, 2),
    }
    content: dict[str, Any] = {"tuned": {"source": "search", "search": search}}
    for key, value in found.params.items():
        _put(content, key, value)
    name = f"{result.model}_{result.dataset}"
    if not name.isprintable() or Path(name).name != name:
        raise RunDirectoryError(f"{result.directory} is of {name}, which cannot name a file")
    return Entry(name, content)


def _chosen_on(result: Result) -> str:
    """The splits that chose the outcome of a search."""
    split: Any = result.config.get("split", {})
    first, count = split.get("first_seed"), split.get("count")
    if result.split == "fixed" and is_count(count):
        return f"the first {count} masks"
    if not is_count(first) or not is_count(count):
        raise RunDirectoryError(
            f"{result.directory} has no split.first_seed and split.count in its config, so it is "
            "no trial of a search; give the directory of a search"
        )
    return f"seeds {first} to {first + count - 1}"


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    """Puts a value where its dotted key says; a number is rounded to six digits."""
    if not key.startswith(("model.", "optim.groups.")):
        raise ValueError(
            f"{key} was searched, but tuned values are of model.* and optim.groups.* only"
        )
    *folders, name = key.split(".")
    plain = value is None or isinstance(value, bool | int | float | str)
    if "_target_" in key or not plain or (isinstance(value, str) and "${" in value):
        raise ValueError(
            f"{key} is {value!r}, which is no tuned value but may name code; write it into the "
            "file yourself"
        )
    for folder in folders:
        content = content.setdefault(folder, {})
    content[name] = float(f"{value:.6g}") if isinstance(value, float) else value


def write(folder: Path, entry: Entry) -> Path:
    """Writes an entry in place of an earlier one; makes the option ``tuned=NAME`` if it is new.

    Args:
        folder: conf/tuned/NAME.
        entry: to write.

    Returns:
        The file.
    """
    option = folder.with_name(f"{folder.name}.yaml")
    if not option.exists():
        folder.mkdir(parents=True, exist_ok=True)
        about = f"# Values from searches: {folder.name}/MODEL_DATASET.yaml, where there is one.\n"
        with atomic_write(option) as path:
            path.write_text(f"{about}defaults:\n  - none\n")
    file = folder / f"{entry.name}.yaml"
    with atomic_write(file) as path:
        path.write_text(HEADER + OmegaConf.to_yaml(OmegaConf.create(entry.content)))
    return file


def main(arguments: list[str] | None = None) -> None:
    """Writes the tuned values of every search that the command line names.

    Args:
        arguments: without the program name; those of the process by default.
    """
    command_line = parser()
    options = command_line.parse_args(arguments)
    try:
        entries = [entry_of(directory) for directory in options.search]
    except (FileNotFoundError, ValueError) as error:
        command_line.error(str(error))
    for entry in entries:
        print(write(options.into, entry))


def parser() -> argparse.ArgumentParser:
    """The command line of ``longnn tuned``."""
    made = argparse.ArgumentParser(
        prog="longnn tuned",
        description=(__doc__ or "").replace("``", ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("search", nargs="+", type=Path, help="hydra.sweep.dir of a search")
    made.add_argument("--into", type=Path, required=True, help="conf/tuned/NAME, a folder")
    return made


if __name__ == "__main__":
    main()
