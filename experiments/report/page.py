"""Sections as one HTML page that holds everything it shows."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from .contents import Section
from .css import CSS
from .picture import Picture
from .tables import Table
from .text import plain

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="longnn report">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
<a class="skip" href="#s1">Skip to the first section</a>
<header>
<h1>{title}</h1>
<p>{summary}</p>
</header>
<nav aria-labelledby="contents">
<h2 id="contents">Contents</h2>
<ul>
{contents}
</ul>
</nav>
<main>
{sections}
</main>
</body>
</html>
"""

_LONG = 40
"""Characters from which a cell may break into lines."""


def html_page(sections: Sequence[Section], title: str, summary: str) -> str:
    """A page in which every text is escaped and every figure embedded, so that it loads nothing.

    Args:
        sections: of the report.
        title: the title of the page.
        summary: the sentence below the title.
    """
    numbered = list(enumerate(sections, start=1))
    return _PAGE.format(
        title=_text(title),
        css=CSS,
        summary=_text(summary),
        contents="\n".join(_entry(n, s) for n, s in numbered),
        sections="\n".join(_section(n, s) for n, s in numbered),
    )


def _text(text: str) -> str:
    return escape(plain(text)).replace("+-", "±")


def _entry(number: int, section: Section) -> str:
    inner = "".join(
        f'<li><a href="#s{number}t{i}">{_text(found.title)}</a></li>'
        for i, found in enumerate(section.tables, start=1)
    )
    below = f"<ul>{inner}</ul>" if len(section.tables) > 1 else ""
    return f'<li><a href="#s{number}">{_text(section.title)}</a>{below}</li>'


def _section(number: int, section: Section) -> str:
    parts = [f'<section id="s{number}" aria-labelledby="h{number}">']
    parts += [f'<h2 id="h{number}">{_text(section.title)}</h2>']
    parts += [f"<p>{_text(sentence)}</p>" for sentence in section.text]
    parts += [f"<pre><code>{_text(section.command)}</code></pre>"] if section.command else []
    parts += [_table(f"s{number}t{i}", t) for i, t in enumerate(section.tables, start=1)]
    parts += [_figure(found) for found in section.pictures]
    parts += [_links(section.links)] if section.links else []
    return "\n".join([*parts, "</section>"])


def _table(name: str, found: Table) -> str:
    title = _text(found.title)
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in found.header)
    rows = "\n".join(
        f'<tr><th scope="row">{_text(row[0])}</th>{"".join(map(_cell, row[1:]))}</tr>'
        for row in found.rows
    )
    notes = "\n".join(f'<p class="note">{_text(note)}</p>' for note in found.notes)
    return (
        f'<div class="scroll" id="{name}" role="region" aria-label="{title}" tabindex="0">\n'
        f"<table>\n<caption><strong>{title}</strong><br><span>{_text(found.about)}</span>"
        f"</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        f"{notes}"
    )


def _cell(text: str) -> str:
    kind = ' class="long"' if len(text) > _LONG else ""
    return f"<td{kind}>{_text(text)}</td>"


def _links(files: Mapping[str, str]) -> str:
    each = (
        f'<li><a href="{quote(f"./{n}")}">{_text(n)}</a>: {_text(a)}</li>' for n, a in files.items()
    )
    return "\n".join(["<ul>", *each, "</ul>"])


def _figure(found: Picture) -> str:
    data = base64.b64encode(found.png).decode("ascii")
    return (
        f'<figure>\n<img src="data:image/png;base64,{data}" alt="{_text(found.alt)}">\n'
        f"<figcaption>{_text(found.caption)}</figcaption>\n</figure>"
    )
