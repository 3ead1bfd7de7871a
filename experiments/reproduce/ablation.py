"""What each part of LON-GNN does: all combinations, and the effect of each part alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from longnn.training.intervals import statistics

from ..report.differences import by_split
from ..report.tables import Table
from .records import Record
from .scores import place

PARTS: dict[str, tuple[str, str, dict[Any, str]]] = {
    "basis": ("model", "learnable", {True: "learned", False: "fixed"}),
    "scale": ("model", "scale", {name: name for name in ("orthonormal", "monic", "standard")}),
    "PCD": ("model", "coefficient_decomposition", {True: "on", False: "off"}),
    "decay": ("optim", "decay", {name: name for name in ("factors", "theta")}),
    "start": ("model", "initial_coefficients", {name: name for name in ("ones", "identity")}),
    "layer norm": ("model", "layer_norm", {False: "off", True: "on"}),
}
"""Name -> where a record has it, and its values as tables name them; the first is LON-GNN's."""

LONGNN = tuple(next(iter(values.values())) for _, _, values in PARTS.values())
"""The variant that nothing is changed in."""


def variant(record: Record) -> tuple[str, ...]:
    """The value of each part."""
    return tuple(values[record.settings[group][key]] for group, key, values in PARTS.values())


def combinations(records: Sequence[Record]) -> Table:
    """A row for each combination, datasets across."""
    found = {(variant(r), r.result.dataset): r for r in records}
    datasets = sorted({r.result.dataset for r in records}, key=place)
    variants = sorted({variant(r) for r in records}, key=_order)
    rows = [
        (*v, *(str(found[v, d].result.test) if (v, d) in found else "-" for d in datasets))
        for v in variants
    ]
    about = "test accuracy in percent; +- is half the 95 % interval over ten splits"
    return Table("All combinations", about, (*PARTS, *datasets), rows)


def neighbours(records: Sequence[Record]) -> list[Record]:
    """LON-GNN and the variants that differ from it in one part."""
    return [r for r in records if sum(a != b for a, b in zip(variant(r), LONGNN, strict=True)) <= 1]


def effects(title: str, records: Sequence[Record]) -> Table:
    """Change of one part with all others as they are: mean over the combinations, by split."""
    datasets = sorted({r.result.dataset for r in records}, key=place)
    rows: list[tuple[str, ...]] = [
        (
            f"{part}: {other} instead of {base}",
            *(_cell(change(records, d, part, base, other)) for d in datasets),
        )
        for part, base, other in changes(PARTS)
    ]
    return Table(
        title,
        "change of test accuracy in points and, in brackets, its standard error over the ten "
        "splits",
        ("change", *datasets),
        rows,
    )


def changes(parts: Mapping[str, tuple[str, str, dict[Any, str]]]) -> Iterator[tuple[str, str, str]]:
    """(part, LON-GNN's value, another value)."""
    for name, (_, _, values) in parts.items():
        base, *others = values.values()
        yield from ((name, base, other) for other in others)


def change(
    records: Sequence[Record], dataset: str, part: str, base: str, other: str
) -> np.ndarray | None:
    """[splits] change of the test score by one part alone, the mean over the combinations that
    have both values; None where none has."""
    number = list(PARTS).index(part)
    scores = {
        variant(r): by_split(r.result.per_run) for r in records if r.result.dataset == dataset
    }
    differences = [
        [scores[changed][split] - before[split] for split in sorted(before)]
        for v, before in scores.items()
        if v[number] == base and (changed := (*v[:number], other, *v[number + 1 :])) in scores
    ]
    return np.mean(differences, axis=0) if differences else None


def _cell(values: np.ndarray | None) -> str:
    if values is None:
        return "-"
    summary = statistics(values)
    error = (summary.std or 0.0) / summary.n**0.5
    return f"{summary.mean:+.2f} ({error:.2f})"


def _order(v: tuple[str, ...]) -> tuple[int, ...]:
    named = [list(values.values()) for _, _, values in PARTS.values()]
    return tuple(values.index(word) for values, word in zip(named, v, strict=True))
