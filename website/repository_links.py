"""Links to files of the repository: each leads to the page that is made of the file."""

import os.path
import re
from pathlib import Path

LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")
"""A link of Markdown without a scheme: its target, and the part behind #."""

_CODE = re.compile(r"(```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)

SHOWN = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".ipynb": "json"}
"""Suffix of a file that is shown as code -> its language."""


def targets(text: str, origin: Path) -> list[Path]:
    """The files and folders that the links of a document lead to.

    Args:
        text: of the document, in Markdown; what stands in code is no link.
        origin: path of the document.
    """
    outside = "".join(part for part in _CODE.split(text) if not _CODE.fullmatch(part))
    return [_path(origin, found[2]) for found in LINK.finditer(outside)]


def relinked(text: str, origin: Path, here: str, placed: dict[Path, str]) -> str:
    """The text with its links as the site needs them.

    Args:
        text: of a document, in Markdown.
        origin: path of the document, from which its links are meant.
        here: address of its page in the site.
        placed: file or folder -> address of what the site has in its place. Links to anything
            else stay as they are.
    """

    def moved(found: re.Match[str]) -> str:
        if (address := placed.get(_path(origin, found[2]))) is None:
            return found[0]
        relative = os.path.relpath(address, os.path.dirname(here) or ".")
        return f"{found[1]}{relative}{found[3] or ''}{found[4]}"

    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else LINK.sub(moved, part) for part in parts)


def page_of(path: Path, root: Path) -> str:
    """Markdown of the page for a file that is shown as code, or for a folder.

    Args:
        path: inside the repository.
        root: the repository.

    Raises:
        ValueError: if a page cannot show such a file.
    """
    name = path.relative_to(root)
    if path.is_dir():
        files = sorted(
            file for file in path.iterdir() if file.is_file() and file.name[0] not in "._"
        )
        return (
            "\n".join([f"# {name}\n", *(f"- [{file.name}]({file.name})" for file in files)]) + "\n"
        )
    if path.suffix == ".md":
        return path.read_text()
    if path.suffix in SHOWN:
        return f"# {name}\n\n````{SHOWN[path.suffix]}\n{path.read_text().rstrip()}\n````\n"
    raise ValueError(f"{name} is linked, and a page shows {', '.join(SHOWN)}, .md and folders only")


def _path(origin: Path, target: str) -> Path:
    return Path(os.path.normpath(origin.parent / target))
