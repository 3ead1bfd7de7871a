"""Node labels that a known filter makes of random features, so that the answer is known."""

import numpy as np

from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix

RESPONSES = {
    "all": lambda s, x: x,
    "low": lambda s, x: (x + s @ x) / 2,
    "high": lambda s, x: (x - s @ x) / 2,
    "band": lambda s, x: x - s @ (s @ x),
}
"""One step of each filter; as functions of S = 1 - lambda: 1, (1 + S)/2, (1 - S)/2, 1 - S^2."""


def filtered_noise(
    name: str,
    graph: Graph,
    response: str,
    sharpness: int,
    classes: int,
    features: int,
    seed: int,
    normalize: str = "none",
) -> Dataset:
    """Draws classes that follow from one frequency band: y_i = argmax_c (g(S) X W)_ic.

    X and W are drawn from N(0, 1), and g is `response` to the power p = `sharpness`:
    ((2 - lambda)/2)^p for "low", (lambda/2)^p for "high", (lambda (2 - lambda))^p for "band" and 1
    for "all". A model with this filter and a linear embedding can be exact. The task follows the
    frequency tasks of Balcilar et al. 2021 (ICLR, section 5.1).

    Args:
        name: what reports call the dataset.
        graph: the graph of the N nodes.
        response: "low", "high", "band" or "all".
        sharpness: power p >= 0.
        classes: number of classes C >= 2.
        features: number of features F >= 1.
        seed: random seed of X and W.
        normalize: see `longnn.data.normalize`.

    Raises:
        ValueError: if an argument is out of its range, or a class stays empty.
    """
    _check(response, sharpness, classes, features)
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((graph.num_nodes, features)).astype(np.float32)
    signal = values @ rng.standard_normal((features, classes))
    s = shift_matrix(graph)
    for _ in range(sharpness):
        signal = RESPONSES[response](s, signal)
    labels = signal.argmax(axis=1).astype(np.int64)
    if len(np.unique(labels)) < classes:
        raise ValueError(
            f"{name}: a class of {classes} stays empty with seed={seed}; take fewer classes, more "
            "nodes or another seed"
        )
    edges = np.stack([np.asarray(graph.senders), np.asarray(graph.receivers)])
    return Dataset(
        name=name,
        graph=graph,
        features=values,
        labels=labels,
        classes=classes,
        checksum=checksum_of(labels, edges, values),
    ).prepared(normalize)


def _check(response: str, sharpness: int, classes: int, features: int) -> None:
    if response not in RESPONSES:
        raise ValueError(f"response must be one of {', '.join(RESPONSES)}, got {response!r}")
    if sharpness < 0 or classes < 2 or features < 1:
        raise ValueError(
            "needed: sharpness >= 0, classes >= 2 and features >= 1, got "
            f"{sharpness}, {classes} and {features}"
        )
