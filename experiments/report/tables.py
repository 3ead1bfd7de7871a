"""A table as data; what draws it as Markdown, HTML or LaTeX is elsewhere."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Cells of plain text; the first column names the row.

    Attributes:
        title: what the rows are.
        about: what the numbers are.
        header: one name for each column.
        rows: cells.
        notes: sentences below the table.
    """

    title: str
    about: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str] = field(default_factory=list)


def interval(statistics: dict[str, Any]) -> str:
    """``88.03 +- 4.14``, or the mean alone where one run has no interval."""
    half = statistics.get("ci95")
    return f"{statistics['mean']:.2f}" + ("" if half is None else f" +- {half:.2f}")


def plain(text: Any) -> str:
    """One line of printable text, whatever a file held."""
    return "".join(c if c.isprintable() else " " for c in str(text))
