"""What directions are worth: operators of directed graphs beside that of the undirected one."""

from collections.abc import Sequence

from ..report.differences import Difference, by_split, on_shared_splits
from ..report.tables import Table
from .records import Record

SYMMETRIC, MAGNETIC = "symmetric", "magnetic"


def operator_of(record: Record) -> str:
    """The operator that a run filtered with; older records name none."""
    return str(record.settings.get("graph", {}).get("operator", SYMMETRIC))


def charge_of(record: Record) -> float:
    """The charge of a run with the magnetic operator."""
    return float(record.settings["graph"]["charge"])


def chosen(records: Sequence[Record]) -> list[Record]:
    """The runs of the other operators, and of the magnetic one that with the highest mean
    validation score of each dataset; of equal ones the smallest charge."""
    others = [r for r in records if operator_of(r) != MAGNETIC]
    magnetic = sorted((r for r in records if operator_of(r) == MAGNETIC), key=charge_of)
    best = [
        max((r for r in magnetic if r.result.dataset == name), key=lambda r: r.result.val.mean)
        for name in datasets_of(magnetic)
    ]
    return [*others, *best]


def datasets_of(records: Sequence[Record]) -> list[str]:
    """The names of the datasets, in the order of the first runs."""
    return list(dict.fromkeys(r.result.dataset for r in records))


def beside_symmetric(records: Sequence[Record]) -> Table:
    """A row for each dataset: each operator, and its difference from the symmetric one."""
    found = {(r.result.dataset, operator_of(r)): r for r in chosen(records)}
    without = {r.result.dataset: r for r in records if operator_of(r) == MAGNETIC and
               charge_of(r) == 0}  # fmt: skip
    rows = []
    for name in datasets_of(records):
        symmetric, magnetic = found.get((name, SYMMETRIC)), found.get((name, MAGNETIC))
        directions = found.get((name, "directions"))
        pairs = (
            (symmetric, directions),
            (symmetric, magnetic),
            (symmetric, without.get(name)),
            (without.get(name), magnetic),
        )
        base = "-" if symmetric is None else str(symmetric.result.test)
        charge = "-" if magnetic is None else f"{charge_of(magnetic):g}"
        first, *others = (_cell(*pair) for pair in pairs)
        rows.append((name, base, first, charge, *others))
    header = ("dataset", "symmetric", "directions", "q", "magnetic at q", "magnetic at 0",
              "q instead of 0")  # fmt: skip
    about = (
        "test accuracy in percent with half its 95 % interval; then differences in points, paired "
        "by split, with their standard error: from symmetric, and in the last column of the "
        "magnetic operator from itself at charge 0"
    )
    return Table("Operators of the directed graph", about, header, rows)


def charges(records: Sequence[Record]) -> Table:
    """A row for each dataset and charge: what validation nodes said, and what test nodes."""
    magnetic = [r for r in records if operator_of(r) == MAGNETIC]
    known = sorted({charge_of(r) for r in magnetic})
    found = {(r.result.dataset, charge_of(r)): r.result for r in magnetic}
    cells = lambda name: (  # noqa: E731
        f"{found[name, q].val.mean:.2f} / {found[name, q].test.mean:.2f}"
        if (name, q) in found
        else "-"
        for q in known
    )
    rows = [(name, *cells(name)) for name in datasets_of(magnetic)]
    about = "mean validation / test accuracy in percent; the highest validation score chooses q"
    return Table("The charge", about, ("dataset", *(f"q = {q:g}" for q in known)), rows)


def _cell(first: Record | None, second: Record | None) -> str:
    if first is None or second is None:
        return "-"
    found: Difference = on_shared_splits(
        by_split(first.result.per_run), by_split(second.result.per_run)
    )
    return f"{found.mean:+.2f} ({found.standard_error or 0.0:.2f})"
