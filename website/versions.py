"""The page above the versions of the site, which stand side by side: one folder for each."""

import re
from html import escape
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>longnn: versions</title>
<style>body {{ font-family: sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }}
:root {{ color-scheme: light dark; }}</style>
</head>
<body>
<h1>longnn</h1>
<p>The documentation of each version; the newest stands first.</p>
<ul>
{lines}
</ul>
</body>
</html>
"""


def versions(folder: Path) -> list[str]:
    """The versions that are in a folder, the newest first.

    Args:
        folder: with a folder for each version, which holds its index.html.
    """
    names = [page.parent.name for page in folder.glob("*/index.html")]
    found = [name for name in names if re.match(r"\d+(\.\d+)*", name)]
    return sorted(found, key=_place, reverse=True)


def _place(version: str) -> tuple[list[int], bool, str]:
    """1.10 comes after 1.9, and 1.0 after 1.0rc1."""
    number, rest = re.fullmatch(r"(\d+(?:\.\d+)*)(.*)", version).groups()  # type: ignore[union-attr]
    return [int(part) for part in number.split(".")], not rest, rest


def write_index(folder: Path) -> None:
    """Writes index.html with a link to each version.

    Args:
        folder: with a folder for each version.
    """
    lines = [
        f'<li><a href="{escape(name)}/index.html">{escape(name)}</a></li>'
        for name in versions(folder)
    ]
    (folder / "index.html").write_text(PAGE.format(lines="\n".join(lines)))
