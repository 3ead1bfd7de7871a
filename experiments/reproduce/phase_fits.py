"""One graph of the phase diagram: drawn, and every variant trained on it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

import longnn
from longnn.analysis import density_recurrence
from longnn.data.dataset import Dataset, checksum_of
from longnn.graphs.graph import Graph
from longnn.training import Fit, Optim, fit

from . import phase_design as design
from .phase_design import Place

Entry = dict[str, Any]  # plain values of JSON

LAM = np.linspace(0, 2, 41)
"""Where the norm of a filter is taken."""


def measure(place: Place, number: int, seed: int, epochs: int = design.EPOCHS) -> Entry:
    """Trains every variant on one graph.

    Args:
        place: of the diagram.
        number: of the graph at this place.
        seed: of the graph, its splits and the training.
        epochs: of each run.

    Returns:
        The record: the place and the number; for each variant in the order of `design.TRIALS`
        validation and test accuracy in percent, the selected epoch and the norm of the filter, by
        split; the exponents of those that learn alpha and beta; seconds.
    """
    began = time.perf_counter()
    data = graph_at(place, seed)
    splits = longnn.data.splits.stratified(
        data, place.train, design.VALIDATION, design.SPLITS, first_seed=seed
    )
    found: dict[str, list[Any]] = {"val": [], "test": [], "epoch": [], "norm": []}
    exponents = []
    for settings, rates in programs(data, place.order):
        run = fit(
            "longnn",
            data,
            splits,
            seeds=[seed],
            optim=[optim(rate, epochs) for rate in rates],
            settings=settings,
            backend="csr",  # its shapes depend on the number of edges alone
            chunk=epochs,
        )
        for name, values in _summary(run).items():
            found[name] += np.reshape(values, (len(rates), design.SPLITS)).tolist()
        if "alpha" in run.curves:
            pairs = _rounded(np.stack([run.alpha, run.beta], axis=1), 3)
            learned = pairs.reshape(len(rates), design.SPLITS, 2)[np.array(rates) > 0]
            exponents += learned.tolist()
    made = {"place": list(place), "graph": number, "seed": seed, "nodes": _sizes(splits)}
    seconds = round(time.perf_counter() - began, 2)
    return made | found | {"exponents": exponents, "seconds": seconds}


def graph_at(place: Place, seed: int) -> Dataset:
    """A graph with two classes and round(0.9 N d / 2) edges, whatever the seed."""
    edges = round(design.KEPT * design.NODES * place.degree / 2)
    shared: dict[str, Any] = {
        "nodes": design.NODES,
        "features": design.FEATURES,
        "normalize": "standard",
    }
    if place.family == "bands":
        degree = 2 * edges / design.NODES
        return longnn.data.bands.generate(
            place.level,  # type: ignore[arg-type]
            noise=place.noise, mean_degree=degree, seed=seed, **shared,
        )  # fmt: skip
    made = longnn.data.csbm.generate(
        float(place.level), mean_degree=float(place.degree), seed=seed, **shared
    )
    return thinned(made, edges, seed)


def thinned(data: Dataset, edges: int, seed: int) -> Dataset:
    """The same with so many of its edges, drawn at random.

    Raises:
        ValueError: if it has fewer.
    """
    pairs = data.graph.pairs()
    if len(pairs) < edges:
        raise ValueError(
            f"{data.name} with seed={seed} has {len(pairs)} edges, fewer than {edges}; take "
            "another seed"
        )
    kept = np.random.default_rng(seed).permutation(len(pairs))[:edges]
    graph = Graph.from_edges(pairs[np.sort(kept)], data.graph.num_nodes)
    checksum = checksum_of(data.labels, graph.pairs(), data.features)
    return replace(data, graph=graph, checksum=checksum)


def programs(
    data: Dataset, order: int
) -> list[tuple[Sequence[Mapping[str, object]], Sequence[float]]]:
    """Settings and rates of the basis of the trials that share a program, as `design.TRIALS`."""
    shared = {"order": order, "hidden": design.HIDDEN}
    starts = [shared | {"alpha": a, "beta": b} for a, b in design.STARTS]
    jacobi = [*starts, *starts, starts[0]]
    rates = [0.0] * len(starts) + [design.RATE] * len(starts) + [design.FAST]
    own = density_recurrence(data.graph, order)
    recurrences = [legendre(order), chebyshev(order), own, own]
    given = [shared | {"recurrence": start} for start in recurrences]
    freely = [design.RATE, design.RATE, 0.0, design.RATE]
    return [
        (jacobi, rates),
        (given, freely),
        ([starts[0] | {"own_basis": True}], [design.RATE]),
    ]


def legendre(order: int) -> Float[np.ndarray, "2 K"]:
    """Recurrence of the Legendre polynomials, alpha = beta = 0 (DLMF 18.9.1)."""
    k = np.arange(1, order + 1)
    return np.stack([np.zeros(order), k / np.sqrt(4.0 * k**2 - 1)])


def chebyshev(order: int) -> Float[np.ndarray, "2 K"]:
    """Recurrence of the Chebyshev polynomials of the second kind (DLMF 18.9.1)."""
    return np.stack([np.zeros(order), np.full(order, 0.5)])


def optim(rate: float, epochs: int) -> Optim:
    """The default training, with another rate of the basis and without an early end."""
    free = {"lr": design.RATE, "weight_decay": 0.0}
    rates = {
        "mlp": {"lr": design.RATE, "weight_decay": 5e-4},
        "decomposition": free,
        "coefficients": free,
        "basis": {"lr": rate, "weight_decay": 0.0},
    }
    return Optim(rates, max_epochs=epochs, patience=epochs)


def _summary(run: Fit) -> dict[str, Float[np.ndarray, " B"]]:
    norm = np.sqrt(np.mean(run.response(LAM) ** 2, axis=(1, 2)))
    return {
        "val": _rounded(run.score("val").values, 2),
        "test": _rounded(run.score("test").values, 2),
        "epoch": np.array([found["best_epoch"] for found in run.runs]),
        "norm": _rounded(norm, 3),
    }


def _rounded(values: Float[np.ndarray, "..."], digits: int) -> Float[np.ndarray, "..."]:
    """Rounded in float64, so that a record has no more digits than these."""
    return values.astype(np.float64).round(digits)


def _sizes(splits: longnn.data.Splits) -> list[int]:
    """Training, validation and test nodes of the first split."""
    return [int(part[0].sum()) for part in (splits.train, splits.val, splits.test)]
