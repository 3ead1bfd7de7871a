"""Whether a dataset is what the catalogue says of it."""

from longnn.data.catalogue import Entry
from longnn.data.dataset import Dataset
from longnn.data.statistics import describe

TOLERANCE = 5e-5
"""Recorded shares have four decimals."""


def differences(dataset: Dataset, entry: Entry) -> list[str]:
    """Says which statistics of a dataset are not the recorded ones.

    Args:
        dataset: the dataset as it was loaded.
        entry: what the catalogue has of it; what is None there is not compared.

    Returns:
        One sentence for each number that differs; none for a dataset that agrees.
    """
    found = describe(dataset)
    return [
        f"{key} is {found[key]:.6g}, expected {value:.6g}"
        for key, value in _expected(entry).items()
        if not abs(found[key] - value) <= TOLERANCE  # NaN too
    ]


def _expected(entry: Entry) -> dict[str, float]:
    """The recorded numbers, by the names that `describe` gives them."""
    numbers = {
        "nodes": entry.nodes,
        "edges": entry.edges,
        "features": entry.features,
        "classes": entry.classes,
        "label correlation": entry.correlation,
    }
    shares = {} if entry.homophily is None else entry.homophily._asdict()
    numbers |= {f"homophily, {kind}": share for kind, share in shares.items()}
    return {key: number for key, number in numbers.items() if number is not None}
