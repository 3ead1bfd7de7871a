"""Stochastic block models: graphs whose edges depend on the classes of their ends alone."""

import math

import numpy as np
from jaxtyping import Float, Int

from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.graph import Graph


def generate(
    nodes: int = 1000,
    classes: int = 4,
    inside: float = 0.02,
    across: float = 0.005,
    features: int = 16,
    separation: float = 1.0,
    seed: int = 0,
    normalize: str = "none",
    name: str = "sbm",
) -> Dataset:
    """Draws equal classes with one edge probability inside and one across, and Gaussian features.

    x_i = separation m_{y_i} + z_i with m_c, z_i ~ N(0, I).
    Source: Holland, Laskey and Leinhardt, Social Networks 5 (1983) 109.

    Args:
        nodes: number of nodes N, at least two in each class.
        classes: number of classes C >= 2; their sizes differ by one at most.
        inside, across: probabilities of an edge, in [0, 1]; inside < across is heterophily.
        features: number of features F >= 1.
        separation: size of the class means, >= 0; 0 leaves all information in the edges.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        normalize: see `longnn.data.normalize`.
        name: what reports call the dataset.

    Raises:
        ValueError: if an argument is out of its range.
    """
    _check(nodes, classes, features, separation)
    for what, value in {"inside": inside, "across": across}.items():
        if not 0 <= value <= 1:
            raise ValueError(f"sbm needs the probability {what} in [0, 1], got {value}")
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(nodes) % classes)
    probabilities = np.full((classes, classes), across)
    np.fill_diagonal(probabilities, inside)
    edges = block_edges(rng, labels, probabilities)
    means = rng.standard_normal((classes, features))
    values = separation * means[labels] + rng.standard_normal((nodes, features))
    values = values.astype(np.float32)
    return Dataset(
        name=name,
        graph=Graph.from_edges(edges, nodes),
        features=values,
        labels=labels,
        classes=classes,
        checksum=checksum_of(labels, edges, values),
    ).prepared(normalize)


def _check(nodes: int, classes: int, features: int, separation: float) -> None:
    if classes < 2 or nodes < 2 * classes:
        raise ValueError(
            f"sbm needs classes >= 2 and nodes >= 2 classes, got nodes={nodes}, classes={classes}"
        )
    if features < 1 or not separation >= 0:
        raise ValueError(
            f"sbm needs features >= 1 and separation >= 0, got {features} and {separation}"
        )


def block_edges(
    rng: np.random.Generator,
    labels: Int[np.ndarray, " N"],
    probabilities: Float[np.ndarray, "C C"],
) -> Int[np.ndarray, "E 2"]:
    """Draws distinct pairs of nodes, each with the probability that belongs to its classes.

    Memory grows with E, not with N^2.

    Args:
        rng: source of the random numbers; it is advanced.
        labels: class of each node.
        probabilities: probability of an edge between each two classes, symmetric.
    """
    classes = len(probabilities)
    members = [np.flatnonzero(labels == label) for label in range(classes)]
    blocks = []
    for label, nodes in enumerate(members):
        pairs = _sample_distinct(rng, math.comb(len(nodes), 2), probabilities[label, label])
        low, high = _triangle_pair(pairs)
        blocks.append(np.stack([nodes[low], nodes[high]], axis=1))
    for first in range(classes):
        for second in range(first + 1, classes):
            left, right = members[first], members[second]
            pairs = _sample_distinct(rng, len(left) * len(right), probabilities[first, second])
            i, j = np.divmod(pairs, max(len(right), 1))
            blocks.append(np.stack([left[i], right[j]], axis=1))
    return np.concatenate(blocks)


def _sample_distinct(
    rng: np.random.Generator, pairs: int, probability: float
) -> Int[np.ndarray, " M"]:
    """Each of range(pairs) with the given probability, independently: a count, then a subset."""
    count = rng.binomial(pairs, probability)
    return rng.choice(pairs, size=count, replace=False, shuffle=False)


def _triangle_pair(
    index: Int[np.ndarray, " M"],
) -> tuple[Int[np.ndarray, " M"], Int[np.ndarray, " M"]]:
    """The pair low < high with index = high (high - 1) / 2 + low."""
    # Exact while 8 index + 1 < 2^53, that is, for classes below 3e7 nodes.
    high = ((1 + np.sqrt(1 + 8 * index.astype(np.float64))) / 2).astype(np.int64)
    return index - high * (high - 1) // 2, high
