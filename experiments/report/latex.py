"""Tables as LaTeX, for ``\\usepackage{booktabs}``."""

from collections.abc import Sequence

from .contents import Section
from .tables import Table
from .text import plain

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def as_latex(sections: Sequence[Section]) -> str:
    """Every table of the sections as a `table` environment."""
    return "\n\n".join(_table(found) for s in sections for found in s.tables) + "\n"


def _table(found: Table) -> str:
    caption = " ".join([f"{found.title}: {found.about}.", *found.notes])
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escape(caption)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(found.header) - 1)}}}",
            r"\toprule",
            _row(found.header),
            r"\midrule",
            *(_row(row) for row in found.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escape(cell) for cell in cells) + r" \\"


def escape(text: str) -> str:
    """The text as LaTeX shows it, with the sign for plus or minus."""
    escaped = "".join(_SPECIAL.get(c, c) for c in plain(text))
    return escaped.replace("+-", r"$\pm$")
