"""Scores that ours are compared with: measured on the same splits, or published on others."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from longnn.models import NAMES

from ..report.beside import reference_table
from ..report.differences import by_split, on_shared_splits
from ..report.reference import read_references
from ..report.tables import Table
from .records import Record
from .targets import NINE

FIGURES = "arXiv 2302.12432"
"""The source that quotes the figures of all polynomial filters."""

KINDS = {False: "authors' values", True: "searched"}
"""Whether a search of ours found the hyperparameters -> what tables call them."""

Measured = Mapping[str, Mapping[str, Mapping[int, float]]]
"""Model -> dataset -> split -> test score in percent."""


def measured(folder: Path) -> Measured:
    """Reference scores on the index sets of docs/results/splits."""
    found: dict[str, dict[str, Mapping[int, float]]] = {}
    for known in read_references(folder / "measured.json"):
        found.setdefault(known.model, {})[known.dataset] = known.scores
    return found


def paired(title: str, model: str, records: Iterable[Record], reference: Measured) -> Table:
    """Ours beside the measured reference, a row for each dataset.

    Args:
        title: of the table.
        model: what the reference calls the model.
        records: of one model, at most one for each dataset.
        reference: see :func:`measured`.
    """
    ordered = sorted(records, key=lambda r: place(r.result.dataset))
    known = [reference.get(model, {}).get(record.result.dataset) for record in ordered]
    return reference_table(title, [record.result for record in ordered], known)


PROTOCOLS = {
    "per_class": "On other splits than ours; compare no single digits.",
    "fixed": "On the masks that the files ship (Actor: of the same shares). Ours are untuned.",
}
"""Protocol -> what to keep in mind with figures that others have published for it."""


def published(
    folder: Path,
    datasets: Iterable[str],
    models: Iterable[str] | None = None,
    protocol: str = "per_class",
) -> str:
    """Markdown of the published scores, labelled with source and split, in a block of their own."""
    from ..report.markdown import markdown_table

    wanted, chosen = list(datasets), None if models is None else set(models)
    parts = ["## Published figures", PROTOCOLS[protocol]]
    sources = json.loads((folder / "literature.json").read_text())
    for source in (s for s in sources if s["protocol"] == protocol):
        rows: list[tuple[str, ...]] = [
            (model, *(_pair(scores.get(dataset)) for dataset in wanted))
            for model, scores in source["scores"].items()
            if (chosen is None or model in chosen) and any(d in scores for d in wanted)
        ]
        if rows:
            parts.append(
                markdown_table(Table(source["source"], source["split"], ("model", *wanted), rows))
            )
    return "\n\n".join(parts)


def grid(title: str, records: Iterable[Record], datasets: Iterable[str]) -> Table:
    """Models down, datasets across."""
    found = {(r.result.model, r.result.dataset): r for r in records}
    shown = [d for d in datasets if any(d == dataset for _, dataset in found)]
    models = [m for m in NAMES if any(m == model for model, _ in found)]
    metric = {r.result.dataset: r.result.metric for r in found.values()}
    rows = [
        (NAMES[m], *(str(found[m, d].result.test) if (m, d) in found else "-" for d in shown))
        for m in models
    ]
    header = ("model", *(f"{d} ({metric[d]})" for d in shown))
    runs = " or ".join(str(n) for n in sorted({r.result.test.n for r in found.values()}))
    about = f"test score in percent; +- is half the 95 % interval, n = {runs or 0}"
    return Table(title, about, header, rows)


def rivals(ours: Iterable[Record], theirs: Iterable[Record], datasets: Iterable[str]) -> Table:
    """Other models beside one of ours, on the same splits.

    Args:
        ours: records of one model, at most one for each dataset.
        theirs: of other models.
        datasets: columns, of which those are shown that both have.
    """
    mine = {r.result.dataset: r for r in ours}
    found = {
        (r.result.model, r.searched, r.result.dataset): r
        for r in theirs
        if r.result.dataset in mine
    }
    shown = [d for d in datasets if any(d == dataset for *_, dataset in found)]

    def cell(model: str, kind: bool, dataset: str) -> str:
        if (model, kind, dataset) not in found:
            return "-"
        theirs = by_split(found[model, kind, dataset].result.per_run)
        lead = on_shared_splits(theirs, by_split(mine[dataset].result.per_run))
        return f"{lead.first:.2f} ({lead.mean:+.2f}, s.e. {lead.standard_error or 0.0:.2f})"

    rows = [
        (f"{NAMES[m]}, {name}", *(cell(m, kind, d) for d in shown))
        for m in NAMES
        for kind, name in KINDS.items()
        if any((m, kind, d) in found for d in shown)
    ]
    about = (
        "test accuracy in percent on the same splits and, in brackets, ours minus it, paired by "
        "split"
    )
    return Table("Beside other polynomial filters", about, ("model", *shown), rows)


def distances(records: Iterable[Record], folder: Path, datasets: Iterable[str]) -> Table:
    """Ours minus the published figure, with the authors' hyperparameters and with ours."""
    sources = json.loads((folder / "literature.json").read_text())
    figures = next(s for s in sources if s["source"].startswith(FIGURES))["scores"]
    found = {(r.result.model, r.result.dataset, r.searched): r.result.test.mean for r in records}
    there = {(dataset, ours) for _, dataset, ours in found}
    columns = [(d, ours) for d in datasets for ours in KINDS if (d, ours) in there]
    rows = []
    for model in [m for m in NAMES if any(m == model for model, _, _ in found)]:
        known = figures.get(quoted(model), {})
        cells = [
            f"{found[model, dataset, ours] - known[dataset][0]:+.2f}"
            if dataset in known and (model, dataset, ours) in found
            else "-"
            for dataset, ours in columns
        ]
        rows.append((NAMES[model], *cells))
    header = ("model", *(f"{dataset}, {KINDS[ours]}" for dataset, ours in columns))
    about = (
        f"ours minus the figure in {FIGURES}, in points; the splits differ, so one point is noise"
    )
    return Table("Distance from the published figures", about, header, rows)


def quoted(model: str) -> str:
    """What literature.json calls a model."""
    return NAMES[model].replace("GPR-GNN", "GPRGNN")


def place(dataset: str) -> int:
    """Where a dataset stands in tables."""
    return NINE.index(dataset) if dataset in NINE else len(NINE)


def _pair(score: Any) -> str:
    if score is None:
        return "-"
    mean, half = score
    return f"{mean:.2f}" if half is None else f"{mean:.2f} +- {half:.2f}"
