"""All datasets of a paired comparison together: whether differences too small to see add up."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..report.differences import Difference, by_split, on_shared_splits
from ..report.tables import Table
from .records import Record
from .scores import Measured, place


class Combined(NamedTuple):
    """The differences of n datasets, of which z_i is each over its standard error.

    Attributes:
        datasets: n.
        below: how many of the differences are negative.
        mean: of z_i.
        z: sum_i z_i / sqrt(n).
        p: two-sided p of z as a standard normal value.
        p_t: the same where each z_i is first replaced by the normal value of the same probability
            as z_i has as a t value of S - 1 degrees of freedom, S the number of its splits.
    """

    datasets: int
    below: int
    mean: float
    z: float
    p: float
    p_t: float


def combined(differences: Iterable[Difference]) -> Combined | None:
    """Combines the differences of datasets that are taken as independent (Stouffer's method).

    Source: Stouffer et al., The American Soldier (1949), volume 1, p. 45.

    Args:
        differences: one for each dataset; those without a standard error say nothing of their
            size and are left out.

    Returns:
        None where no difference is left.
    """
    from scipy import stats  # see longnn.training.intervals

    scaled = [(d.mean / d.standard_error, d.splits) for d in differences if d.standard_error]
    if not scaled:
        return None
    values = [z for z, _ in scaled]
    # from the lower tail, in which small probabilities keep their digits
    normal = [math.copysign(stats.norm.ppf(stats.t.cdf(-abs(z), s - 1)), z) for z, s in scaled]
    root = math.sqrt(len(values))
    z, z_t = sum(values) / root, sum(normal) / root
    p, p_t = (float(2 * stats.norm.sf(abs(value))) for value in (z, z_t))
    return Combined(len(values), sum(v < 0 for v in values), z / root, z, p, p_t)


def differences(model: str, records: Iterable[Record], reference: Measured) -> list[Difference]:
    """Ours minus the reference, paired by split, of each dataset that the reference has.

    Args:
        model: what the reference calls the model.
        records: of one model, at most one for each dataset.
        reference: see :func:`~longnn.experiments.reproduce.scores.measured`.
    """
    known = reference.get(model, {})
    ordered = sorted(records, key=lambda record: place(record.result.dataset))
    return [
        on_shared_splits(known[record.result.dataset], by_split(record.result.per_run))
        for record in ordered
        if record.result.dataset in known
    ]


def together(title: str, compared: Mapping[str, Sequence[Difference]]) -> Table:
    """A row for each comparison with all its datasets; none where nothing was compared.

    Args:
        title: of the table.
        compared: what is compared -> its differences, one for each dataset.
    """
    rows: list[tuple[str, ...]] = []
    for name, found in compared.items():
        of = combined(found)
        if of is not None:
            numbers = (f"{of.mean:+.2f}", f"{of.z:+.2f}", f"{of.p:.3f}", f"{of.p_t:.3f}")
            rows.append((name, str(of.datasets), str(of.below), *numbers))
    header = ("compared", "datasets", "negative", "mean of z", "z of all", "p", "p by t")
    about = (
        "z is a difference over its standard error; z of all is the sum over the square root of "
        "the number of datasets, and p its two-sided probability as a normal value (Stouffer's "
        "method), if datasets are independent and nothing differs; by t, each z is first taken as "
        "a t value of its splits less one degrees of freedom"
    )
    return Table(title, about, header, rows)
