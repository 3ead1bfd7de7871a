"""A table as data; other files draw it as Markdown, HTML or LaTeX."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Cells of plain text; the first column names the row.

    Attributes:
        title: what the rows are.
        about: what the numbers are.
        header: one name for each column.
        rows: the cells.
        notes: sentences below the table.
    """

    title: str
    about: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str] = field(default_factory=list)
