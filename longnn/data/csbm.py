"""Contextual stochastic block model: graphs from heterophily to homophily, no file needed.

Sources: Chien et al. 2021 (GPR-GNN, arXiv 2101.07988, appendix on cSBM) for the arc from phi to
(lambda, mu); Deshpande et al. 2018 (arXiv 1807.09596) for the model.
"""

import math

import numpy as np
from jaxtyping import Float32, Int

from longnn.data.blocks import block_edges
from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.graph import Graph


def generate(
    phi: float = -0.75,
    nodes: int = 1000,
    mean_degree: float = 5.0,
    features: int = 400,
    seed: int = 0,
    epsilon: float = 3.25,
    normalize: str = "none",
    name: str = "csbm",
) -> Dataset:
    """Draws two equal classes v = +-1 with informative edges and features.

        lambda = sqrt(1 + epsilon) sin(pi phi / 2)
        mu = sqrt(xi (1 + epsilon)) cos(pi phi / 2),  xi = N / F
        P(edge) = (d + lambda sqrt(d)) / N inside a class, (d - lambda sqrt(d)) / N across
        x_i = sqrt(mu / N) v_i u + z_i / sqrt(F),  u ~ N(0, I / F), z_i ~ N(0, I)

    Args:
        phi: in [-1, 1]: -1 all information in heterophilous edges, 0 in the features, 1 in
            homophilous edges.
        nodes: number of nodes N >= 4.
        mean_degree: expected number d > 0 of neighbours, with |lambda| <= sqrt(d) and
            d + |lambda| sqrt(d) <= N.
        features: number of features F >= 1; the default gives xi = 2.5, as in the paper, at the
            default N.
        seed: random seed of everything that is drawn; equal seeds give equal data.
        epsilon: distance from the detection threshold (which is at 0), > -1.
        normalize: see `longnn.data.normalize`. With "none" rows have norm near 1;
            "standard" makes single values of order 1, which trains faster at small rates.
        name: what reports call the dataset.

    Returns:
        A dataset with dense features [N, F] and 2 classes, without a shipped split.

    Raises:
        ValueError: if an argument is out of its range.
    """
    inside, across = probabilities(phi, nodes, mean_degree, epsilon)
    if features < 1:
        raise ValueError(f"csbm needs features >= 1, got {features}")
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(nodes) % 2)
    edges = block_edges(rng, labels, np.array([[inside, across], [across, inside]]))
    mu = math.sqrt(nodes / features * (1 + epsilon)) * math.cos(math.pi * phi / 2)
    values = _sample_features(rng, labels, features, mu)
    return Dataset(
        name=name,
        graph=Graph.from_edges(edges, nodes),
        features=values,
        labels=labels,
        classes=2,
        checksum=checksum_of(labels, edges, values),
    ).prepared(normalize)


def probabilities(
    phi: float, nodes: int, mean_degree: float, epsilon: float
) -> tuple[float, float]:
    """Edge probabilities inside a class and across, after a check that they lie in [0, 1]."""
    if not -1 <= phi <= 1:
        raise ValueError(f"csbm needs phi in [-1, 1], got {phi}")
    if nodes < 4:
        raise ValueError(f"csbm needs nodes >= 4, got {nodes}")
    if not mean_degree > 0:
        raise ValueError(f"csbm needs mean_degree > 0, got {mean_degree}")
    if not epsilon > -1:
        raise ValueError(f"csbm needs epsilon > -1, got {epsilon}")
    signal = math.sqrt(1 + epsilon) * math.sin(math.pi * phi / 2)
    if abs(signal) > math.sqrt(mean_degree):
        raise ValueError(
            f"csbm: |lambda| = {abs(signal):.4g} exceeds sqrt(mean_degree) = "
            f"{math.sqrt(mean_degree):.4g}, so an edge probability would be negative; raise "
            f"mean_degree to at least {signal**2:.4g}, or lower |phi| or epsilon"
        )
    shift = signal * math.sqrt(mean_degree)
    if mean_degree + abs(shift) > nodes:
        raise ValueError(
            f"csbm: mean_degree + |lambda| sqrt(mean_degree) = {mean_degree + abs(shift):.4g} "
            f"exceeds nodes = {nodes}, so an edge probability would be above 1; raise nodes or "
            "lower mean_degree"
        )
    return (mean_degree + shift) / nodes, (mean_degree - shift) / nodes


def _sample_features(
    rng: np.random.Generator, labels: Int[np.ndarray, " N"], features: int, mu: float
) -> Float32[np.ndarray, "N F"]:
    nodes = len(labels)
    direction = rng.standard_normal(features) / math.sqrt(features)
    noise = rng.standard_normal((nodes, features)) / math.sqrt(features)
    signs = 2 * labels[:, None] - 1
    return (math.sqrt(mu / nodes) * signs * direction + noise).astype(np.float32)
