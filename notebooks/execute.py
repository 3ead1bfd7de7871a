"""``python -m notebooks.execute [FILE ...]``: runs notebooks and saves them with their outputs."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh kernel, and nothing of the machine beside them.

    Args:
        path: of the notebook; it runs in ``notebooks/``.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    client = NotebookClient(
        notebook, timeout=300, coalesce_streams=True, record_timing=False, resources=resources
    )
    client.execute()
    notebook.metadata.language_info = {"name": "python"}  # without its version
    return notebook


def main(arguments: list[str]) -> None:
    """Executes the named notebooks, or all, in place."""
    for path in map(Path, arguments) if arguments else sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(executed(path), path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
