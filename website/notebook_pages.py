"""Notebooks as pages: text, code, and the outputs that the notebook was saved with."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

Figures = dict[str, bytes]


class NotebookPage(NamedTuple):
    """A page and what it shows."""

    markdown: str
    figures: Figures
    """Name of the file beside the page -> content (png)."""


def page_of(path: Path) -> NotebookPage:
    """The page of a notebook.

    Args:
        path: of the notebook, saved with its outputs.

    Raises:
        ValueError: if a cell holds an error, or an output that a page cannot show.
    """
    notebook = nbformat.read(path, as_version=4)
    figures: Figures = {}
    parts: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(f"```python\n{cell.source}\n```")
            parts += [_shown(path, output, figures) for output in cell.outputs]
    file = f"*This page is the notebook `{path.parent.name}/{path.name}`, as it was saved.*"
    return NotebookPage("\n\n".join([*parts, file]) + "\n", figures)


def _shown(path: Path, output: Any, figures: Figures) -> str:
    """Markdown of one output; a figure is put beside the others."""
    if output.output_type == "stream":
        return _text(output.text)
    data = output.get("data", {})
    if "image/png" in data:
        name = f"{path.stem}-{len(figures) + 1}.png"
        figures[name] = base64.b64decode(data["image/png"])
        return f"![Figure {len(figures)} of this notebook]({name})"
    if "text/markdown" in data:
        return str(data["text/markdown"])
    if "text/plain" in data:
        return _text(data["text/plain"])
    raise ValueError(
        f"{path}: an output of type {output.output_type} with {sorted(data)}; a page shows text, "
        "Markdown and png: run the notebook again (make notebooks)"
    )


def _text(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
