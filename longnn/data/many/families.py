"""Families of generated graphs that share their class means, no file needed."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int64

from longnn.data.blocks import block_edges
from longnn.data.csbm import probabilities
from longnn.data.dataset import Dataset, checksum_of
from longnn.data.many.collection import GraphDataset
from longnn.graphs.graph import Graph


def csbm(
    graphs: int = 100,
    smallest: int = 50,
    largest: int = 150,
    phi: float = -0.75,
    mean_degree: float = 5.0,
    features: int = 16,
    seed: int = 0,
    epsilon: float = 3.25,
    name: str = "csbm_graphs",
) -> GraphDataset:
    """Draws graphs of the contextual stochastic block model with one direction of features for all.

    Each graph has a size of its own, uniform in [smallest, largest], and the probabilities and
    features of `longnn.data.csbm.generate` for that size; u is drawn once, so that what was learned
    on some graphs holds for others.

    Args:
        graphs: number of graphs G >= 1.
        smallest, largest: bounds of the number of nodes, 4 <= smallest <= largest.
        phi, mean_degree, epsilon: see `longnn.data.csbm.generate`.
        features: number of features F >= 1.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        name: what reports call the dataset.

    Returns:
        A dataset with dense features and 2 classes of nodes.

    Raises:
        ValueError: if an argument is out of its range.
    """
    _check(name, graphs, smallest, largest, 4, features)
    rng = np.random.default_rng(seed)
    sizes = rng.integers(smallest, largest + 1, graphs)
    direction = rng.standard_normal(features) / math.sqrt(features)
    of_size = {int(n): probabilities(phi, int(n), mean_degree, epsilon) for n in np.unique(sizes)}
    ratio = math.sqrt((1 + epsilon) / features) * math.cos(math.pi * phi / 2)

    def edges(nodes: int) -> Float[np.ndarray, "C C"]:
        inside, across = of_size[nodes]
        return np.array([[inside, across], [across, inside]])

    def means(nodes: int) -> Float[np.ndarray, "C F"]:
        # mu / N = sqrt(xi (1 + epsilon)) cos(pi phi / 2) / N with xi = N / F
        shift = math.sqrt(abs(ratio) / math.sqrt(nodes)) * direction
        return np.stack([-shift, shift])

    return _family(rng, name, sizes, 2, edges, means, 1 / math.sqrt(features))


def sbm(
    graphs: int = 100,
    smallest: int = 50,
    largest: int = 150,
    classes: int = 4,
    inside: float = 0.1,
    across: float = 0.02,
    features: int = 16,
    separation: float = 1.0,
    seed: int = 0,
    name: str = "sbm_graphs",
) -> GraphDataset:
    """Draws graphs of a stochastic block model with one mean of features for each class in all.

    Each graph has a size of its own, uniform in [smallest, largest]; see
    `longnn.data.blocks.generate`.

    Args:
        graphs: number of graphs G >= 1.
        smallest, largest: bounds of the number of nodes, 2 classes <= smallest <= largest.
        classes: number of classes C >= 2.
        inside, across: probabilities of an edge, in [0, 1]; inside < across is heterophily.
        features: number of features F >= 1.
        separation: size of the class means, >= 0.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        name: what reports call the dataset.

    Raises:
        ValueError: if an argument is out of its range.
    """
    if classes < 2 or not separation >= 0:
        raise ValueError(
            f"{name} needs classes >= 2 and separation >= 0, got {classes} and {separation}"
        )
    _check(name, graphs, smallest, largest, 2 * classes, features)
    for what, value in {"inside": inside, "across": across}.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} needs the probability {what} in [0, 1], got {value}")
    rng = np.random.default_rng(seed)
    sizes = rng.integers(smallest, largest + 1, graphs)
    table = np.full((classes, classes), across)
    np.fill_diagonal(table, inside)
    means = separation * rng.standard_normal((classes, features))
    return _family(rng, name, sizes, classes, lambda _: table, lambda _: means, 1.0)


def _family(
    rng: np.random.Generator,
    name: str,
    sizes: Int64[np.ndarray, " G"],
    classes: int,
    edges_of: Callable[[int], Float[np.ndarray, "C C"]],
    means_of: Callable[[int], Float[np.ndarray, "C F"]],
    noise: float,
) -> GraphDataset:
    """Draws labels, edges and features graph by graph, by what holds for its size."""
    first = np.cumsum(sizes) - sizes
    labels, edges, values = [], [], []
    for start, size in zip(first.tolist(), sizes.tolist(), strict=True):
        labels.append(rng.permutation(np.arange(size) % classes))
        edges.append(start + block_edges(rng, labels[-1], edges_of(size)))
        means = means_of(size)[labels[-1]]
        values.append(means + noise * rng.standard_normal(means.shape))
    label, pairs = np.concatenate(labels), np.concatenate(edges)
    features = np.concatenate(values).astype(np.float32)
    nodes = Dataset(
        name=name,
        graph=Graph.from_edges(pairs, int(sizes.sum())),
        features=features,
        labels=label,
        classes=classes,
        checksum=checksum_of(sizes, label, pairs, features),
    )
    return GraphDataset(nodes, sizes)


def _check(name: str, graphs: int, smallest: int, largest: int, least: int, features: int) -> None:
    if graphs < 1 or features < 1:
        raise ValueError(f"{name} needs graphs >= 1 and features >= 1, got {graphs} and {features}")
    if not least <= smallest <= largest:
        raise ValueError(
            f"{name} needs {least} <= smallest <= largest, got smallest={smallest}, "
            f"largest={largest}"
        )
