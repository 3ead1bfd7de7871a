"""Sections as Markdown."""

from collections.abc import Sequence
from urllib.parse import quote

from .contents import Section
from .tables import Table
from .text import plain

TITLE = "Report"


def as_markdown(sections: Sequence[Section], figures: str = "figures") -> str:
    """The whole document, ending in a newline.

    Args:
        sections: of the report.
        figures: folder of the pictures, relative to the document.
    """
    return f"# {TITLE}\n\n" + "\n\n".join(_section(s, figures) for s in sections) + "\n"


def _section(section: Section, figures: str) -> str:
    parts = [f"## {escape(section.title)}", *map(escape, section.text)]
    parts += [f"    {plain(section.command)}"] if section.command else []
    parts += [markdown_table(found) for found in section.tables]
    parts += [
        f"![{escape(p.alt)}]({figures}/{p.name})\n\n*{escape(p.caption)}*" for p in section.pictures
    ]
    parts += [f"- [{escape(n)}]({quote(n)}): {escape(a)}" for n, a in section.links.items()]
    return "\n\n".join(parts)


def markdown_table(found: Table) -> str:
    """A table in Markdown, with its title above and its notes below."""
    lines = [
        f"**{escape(found.title)}**: {escape(found.about)}",
        "",
        _row(found.header),
        "|" + "---|" * len(found.header),
        *(_row(row) for row in found.rows),
    ]
    return "\n".join([*lines, *(line for note in found.notes for line in ("", escape(note)))])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def escape(text: str) -> str:
    """One line that is neither markup of Markdown's tables, links or images nor of HTML."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;")
    for character in "\\|[]`*":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped
