"""Labels whose energy sits in a chosen band of the graph's spectrum, with noisy features."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.checks import check_count, check_range, check_word
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix

Band = Literal["low", "middle", "high", "ends"]
Degrees = Literal["even", "power_law"]

LIMIT = 5000
"""Nodes up to which a graph is diagonalised: 400 MB."""

EXPONENT = 2.5
"""Of the power law of the degrees, P(degree > d) ~ d^(1 - exponent)."""

ROUNDING = 1e-9
"""Eigenvalues this near to each other are one, and belong to a band together."""


def generate(
    band: Band = "low",
    share: float = 0.25,
    noise: float = 1.0,
    nodes: int = 1000,
    mean_degree: float = 10.0,
    degrees: Degrees = "even",
    classes: int = 2,
    features: int = 16,
    seed: int = 0,
    normalize: str = "none",
    name: str = "bands",
) -> Dataset:
    """Draws signals in one band of the spectrum; the largest at a node is its class.

        f_c = sqrt(N) P z_c / ||P z_c||,  z_c ~ N(0, I),  P: projector on the band
        y_i = argmax_c f_ic
        x_i = sum_c f_ic m_c + noise e_i,  m_c ~ N(0, I / F),  e_i ~ N(0, I)

    The edges are drawn without looking at the labels, so that all that they say of these is the
    band. The signals are in it exactly; labels are signs of signals, of whose energy about 2 / pi
    and a share of the rest stay in it. The best linear filter is flat in the band and smaller
    outside of it. Nodes where every signal is 0 (isolated ones, outside of the band "middle") have
    no label.

    Args:
        band: where the signals sit among the eigenvalues of L = I - S in ascending order: the first
            ones ("low"), those around the median ("middle"), the last ones ("high"), or half of
            them at either end ("ends").
        share: of the eigenvalues that are in the band, in (0, 1); equal eigenvalues go together.
        noise: standard deviation of each feature's noise, >= 0; a signal has power 1 in all
            features together.
        nodes: number of nodes N >= 4, at most `LIMIT`, since the graph is diagonalised.
        mean_degree: mean number of neighbours, in (0, N / 4]; there are round(N mean_degree / 2)
            edges whatever the seed, so that programs are compiled once for all seeds.
        degrees: "even": all graphs with so many edges alike; "power_law": nodes are drawn by
            weights i^(-1/1.5), i = 1 .. N (Chung and Lu, PNAS 99 (2002) 15879, section 2).
        classes: number of classes C >= 2.
        features: number of features F >= 1.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        normalize: see `longnn.data.normalize`.
        name: what reports call the dataset.

    Raises:
        ValueError: if an argument is out of its range, or a class stays empty.

    Example:
        >>> import numpy as np
        >>> from longnn.graphs.scaling import shift_matrix
        >>> data = generate("high", nodes=300, noise=0.1)
        >>> lam, u = np.linalg.eigh(np.eye(300) - shift_matrix(data.graph).toarray())
        >>> energy = (u.T @ (2.0 * data.labels - 1)) ** 2 / 300
        >>> bool(energy[225:].sum() > 0.6)  # in a quarter of the eigenvalues
        True
    """
    _check(band, share, noise, nodes, mean_degree, degrees, classes, features)
    rng = np.random.default_rng(seed)
    edges = _edges(rng, nodes, mean_degree, degrees)
    graph = Graph.from_edges(edges, nodes)
    signals = _signals(rng, graph, band, share, classes)
    power = np.abs(signals).max(axis=1)
    labels = np.where(power > ROUNDING, signals.argmax(axis=1), -1)
    if len(np.unique(labels[labels >= 0])) < classes:
        raise ValueError(
            f"{name}: a class of {classes} stays empty with seed={seed}; take fewer classes, more "
            "nodes, a larger share or another seed"
        )
    values = signals @ (rng.standard_normal((classes, features)) / np.sqrt(features))
    values = (values + noise * rng.standard_normal(values.shape)).astype(np.float32)
    return Dataset(
        name=name,
        graph=graph,
        features=values,
        labels=labels,
        classes=classes,
        checksum=checksum_of(labels, edges, values),
    ).prepared(normalize)


def in_band(lam: Float[np.ndarray, " N"], band: Band, share: float) -> Bool[np.ndarray, " N"]:
    """Which eigenvalues are in a band, see `generate`.

    Args:
        lam: [N] ascending.
        band: where it lies.
        share: of the eigenvalues that are in it, in (0, 1); one at least, and those equal to one
            that is in it are in it, too.

    Example:
        >>> in_band(np.array([0.0, 0.5, 1.0, 1.5]), "ends", 0.5)
        array([ True, False, False,  True])
    """
    size = max(round(share * len(lam)), 1)
    first = {"low": 0, "middle": (len(lam) - size) // 2, "high": len(lam) - size}
    if band == "ends":
        half = max(size // 2, 1)
        return _between(lam, 0, half) | _between(lam, len(lam) - half, half)
    return _between(lam, first[band], size)


def _between(lam: Float[np.ndarray, " N"], first: int, size: int) -> Bool[np.ndarray, " N"]:
    low, high = lam[first] - ROUNDING, lam[first + size - 1] + ROUNDING
    return (lam >= low) & (lam <= high)


def _signals(
    rng: np.random.Generator, graph: Graph, band: Band, share: float, classes: int
) -> Float[np.ndarray, "N C"]:
    """[N, C] with mean square 1 in each column, in the band."""
    x, vectors = np.linalg.eigh(shift_matrix(graph).toarray())
    inside = vectors[:, ::-1][:, in_band(1 - x[::-1], band, share)]
    drawn = inside @ (inside.T @ rng.standard_normal((graph.num_nodes, classes)))
    return drawn / np.sqrt(np.mean(drawn**2, axis=0))


def _edges(
    rng: np.random.Generator, nodes: int, mean_degree: float, degrees: Degrees
) -> Int[np.ndarray, "E 2"]:
    """So many distinct pairs, drawn one after the other by the weights of their nodes."""
    weights = np.arange(1, nodes + 1) ** (-1 / (EXPONENT - 1))
    shares = np.full(nodes, 1 / nodes) if degrees == "even" else weights / weights.sum()
    count = round(nodes * mean_degree / 2)
    codes = np.zeros(0, np.int64)
    while len(codes) < count:
        pairs = np.sort(rng.choice(nodes, (count, 2), p=shares), axis=1)
        pairs = pairs[pairs[:, 0] < pairs[:, 1]]
        codes = np.concatenate([codes, pairs[:, 0] * nodes + pairs[:, 1]])
        _, first = np.unique(codes, return_index=True)
        codes = codes[np.sort(first)]
    return np.stack(np.divmod(codes[:count], nodes), axis=1)


def _check(
    band: Band,
    share: float,
    noise: float,
    nodes: int,
    mean_degree: float,
    degrees: Degrees,
    classes: int,
    features: int,
) -> None:
    check_word("band", band, Band)
    check_word("degrees", degrees, Degrees)
    check_range("share", share, 0, 1, "()")
    check_range("noise", noise, 0, float("inf"), "[)")
    check_count("features", features)
    if not 4 <= nodes <= LIMIT:
        raise ValueError(
            f"bands needs 4 <= nodes <= {LIMIT}, since the graph is diagonalised, got {nodes}"
        )
    if not 0 < mean_degree <= nodes / 4 or round(nodes * mean_degree / 2) < 1:
        raise ValueError(
            f"bands needs mean_degree in (0, nodes / 4] and at least one edge, got {mean_degree}"
        )
    if classes < 2:
        raise ValueError(f"bands needs classes >= 2, got {classes}")
