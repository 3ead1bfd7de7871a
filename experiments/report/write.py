"""The folder of a report: each file whole or not at all, and nothing of others overwritten."""

import json
from collections.abc import Mapping
from pathlib import Path

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import parsed

MANIFEST = "report-files.json"
"""Names the files of a report, so that the next one may replace them."""

_GENERATOR = "longnn report"


class OutputError(ValueError):
    """The folder holds files that are not a report's, or cannot be written."""


def write_report(folder: Path, files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Writes a report, replacing an earlier one there with all its files.

    Args:
        folder: made if missing.
        files: path inside the folder -> content.
        force: replace files that no earlier report wrote.

    Raises:
        OutputError: if such a file is in the way and ``force`` is not set, or writing fails.
    """
    try:
        earlier = _earlier(folder)
        names = [*files, MANIFEST]
        foreign = [n for n in names if n not in earlier and (folder / n).exists()]
        if foreign and not force:
            raise OutputError(
                f"{folder / foreign[0]} was not written by a report; choose another --output, or "
                "--force to replace it"
            )
        _write(folder, files, earlier)
    except OSError as error:
        raise OutputError(
            f"cannot write the report to {folder}: {error.strerror or error}; choose a folder "
            "that you may write to with --output"
        ) from error


def _write(folder: Path, files: Mapping[str, bytes], earlier: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # First the list of both, so that a report that was cut short can be replaced.
    _list(folder, {*earlier, *files} - {MANIFEST})
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with atomic_write(folder / name) as path:
            path.write_bytes(content)
    for name in earlier - {*files, MANIFEST}:
        (folder / name).unlink(missing_ok=True)
    _list(folder, set(files))


def _list(folder: Path, names: set[str]) -> None:
    content = {"generator": _GENERATOR, "files": sorted(names)}
    with atomic_write(folder / MANIFEST) as path:
        path.write_text(json.dumps(content, indent=1) + "\n")


def _earlier(folder: Path) -> set[str]:
    """Files of an earlier report there with its manifest, none outside the folder."""
    content = parsed(folder / MANIFEST)
    if not isinstance(content, dict) or content.get("generator") != _GENERATOR:
        return set()
    listed = content.get("files")
    names = listed if isinstance(listed, list) else []
    words = {name for name in names if isinstance(name, str) and name.isprintable()}
    inside = folder.resolve()
    return {
        name
        for name in {MANIFEST, *words}
        if (folder / name).resolve().is_relative_to(inside) and not (folder / name).is_dir()
    }
