"""What a report compares: tables, sentences about what it could not compare, and the numbers."""

from dataclasses import dataclass, field
from typing import Any

from .tables import Table


@dataclass
class Compared:
    """Comparisons of runs.

    Attributes:
        text: sentences, for instance why nothing is compared on a dataset.
        tables: the comparisons as they are shown.
        records: the paired comparisons as numbers, a line each of comparisons.csv.
    """

    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.text or self.tables)

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(
            self.text + other.text, self.tables + other.tables, self.records + other.records
        )
