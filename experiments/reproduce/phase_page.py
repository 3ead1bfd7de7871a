"""The page docs/results/phase.md: the design, and what came out, from the records alone."""

from collections.abc import Callable, Sequence

import numpy as np

from longnn.analysis import TTest

from ..report.markdown import markdown_table
from ..report.tables import Table
from . import phase_design as design
from . import phase_records as records
from .phase_design import CONTRASTS, Place
from .phase_figures import name_of
from .phase_records import Entry
from .phase_tests import WORTH, Found, differences, results, t_test
from .phase_text import design_text

TITLE = "When learning the basis pays"


def page(entries: Sequence[Entry]) -> str:
    """The text of the page, ending in a newline.

    Args:
        entries: the records; without them the design alone is written.
    """
    parts = [f"# {TITLE}", *design_text()]
    if not entries:
        return "\n\n".join([*parts, "## What came out", "No runs yet.", _made(entries)]) + "\n"
    found = results(entries)
    return "\n\n".join([
        *parts,
        "## What came out",
        _summary(found),
        "![Gains of each variant by region](figures/phase.png)",
        *(markdown_table(_regions(found, train)) for train in design.TRAIN),
        markdown_table(_factors(entries)),
        markdown_table(_besides(entries)),
        _made(entries),
    ]) + "\n"  # fmt: skip


def _summary(found: Sequence[Found]) -> str:
    lines = []
    for contrast in CONTRASTS:
        verdicts = [f.verdict for f in found if f.contrast == contrast]
        counts = ", ".join(f"`{v}` {verdicts.count(v)}" for v in ("++", "+", "=", "?", "-", "--"))
        where = [f for f in found if f.contrast == contrast and f.verdict == "++"]
        named = "; ".join(_named(f) for f in where) or "nowhere"
        lines.append(f"- *{contrast.first}* minus *{contrast.second}*: {counts}. Pays: {named}.")
    widths = [f.test.ci95 for f in found if f.test is not None]
    held = np.mean(np.array(widths) < WORTH) if widths else 0.0
    lines.append(
        f"\nHalf intervals have a median of {np.median(widths) if widths else np.nan:.2f} points; "
        f"{100 * held:.0f} % of them are below {WORTH}."
    )
    return "\n".join(lines)


def _named(found: Found) -> str:
    region = found.region
    mean = 0.0 if found.test is None else found.test.mean
    return f"{name_of(region.family, region.level)}, {100 * region.train:.0f} % ({mean:+.1f})"


def _regions(found: Sequence[Found], train: float) -> Table:
    rows: dict[str, list[str]] = {}
    for one in (f for f in found if f.region.train == train):
        row = rows.setdefault(name_of(one.region.family, one.region.level), [str(one.graphs)])
        row.append(f"{_cell(one.test)} {one.verdict}")
    return Table(
        f"{100 * train:.0f} % of the nodes train",
        "difference of test accuracy in points, +- half the 95 % interval, and the verdict",
        ("labels", "graphs", *(f"{c.first} - {c.second}" for c in CONTRASTS)),
        [(name, *cells) for name, cells in rows.items()],
    )


def _factors(entries: Sequence[Entry]) -> Table:
    """Each other factor alone: all graphs with one level of it."""
    levels: list[tuple[str, Callable[[Place], bool]]] = [
        ("all", lambda place: True),
        *((f"mean degree {d}", lambda p, d=d: p.degree == d) for d in design.DEGREES),
        *((f"order {k}", lambda p, k=k: p.order == k) for k in design.ORDERS),
        *((f"noise {n} of bands", lambda p, n=n: p.noise == n) for n in design.NOISE["bands"]),
    ]
    rows = []
    for name, where in levels:
        chosen = [entry for entry in entries if where(records.place_of(entry))]
        values = [differences(chosen, contrast) for contrast in CONTRASTS]
        rows.append((name, str(len(values[0])), *(_cell(t_test(v)) for v in values)))
    return Table(
        "Other factors, one at a time",
        "difference in points, +- half the 95 % interval, not corrected; described, not tested",
        ("graphs with", "graphs", *(f"{c.first} - {c.second}" for c in CONTRASTS)),
        rows,
    )


def _besides(entries: Sequence[Entry]) -> Table:
    """What there is besides the difference."""
    rows: list[tuple[str, ...]] = []
    for name in _variants():
        accuracy, epoch, norm = (
            np.mean([of(entry, name) for entry in entries])
            for of in (records.scores, records.epochs, records.norms)
        )
        over = "-"
        if name in ("fixed", "learned"):
            over = f"{np.mean([records.spread(entry, name) for entry in entries]):.2f}"
        rows.append((name, f"{accuracy:.2f}", f"{epoch:.0f}", f"{norm:.2f}", over))
    return Table(
        "Besides the difference",
        "means over all graphs: test accuracy in percent, selected epoch, root mean square of the "
        "filter over lambda, standard deviation of the accuracy over the five starts",
        ("variant", "accuracy", "epoch", "norm of the filter", "over starts"),
        rows,
    )


def _variants() -> list[str]:
    named = [name for c in CONTRASTS for name in (c.second, c.first)]
    return list(dict.fromkeys(named))


def _made(entries: Sequence[Entry]) -> str:
    hours = sum(entry["seconds"] for entry in entries) / 3600
    planned = sum(1 for _ in design.planned())
    file = "[records/phase.jsonl](records/phase.jsonl)" if entries else "`records/phase.jsonl`"
    return (
        "## How it was made\n\n`longnn reproduce phase` measures the graphs that have no record "
        f"yet, and writes this page and its figure from {file}; with `--render` it only writes. "
        f"{len(entries)} of {planned} "
        f"graphs, {hours:.1f} hours on two cores of an AMD EPYC with AVX-512, which others used, "
        "too; Python 3.11, jax 0.10.2."
    )


def _cell(test: TTest | None) -> str:
    return "-" if test is None else f"{test.mean:+.2f} +- {test.ci95:.2f}"
