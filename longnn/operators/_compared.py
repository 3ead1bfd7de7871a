"""The work that native kernels and pure JAX are compared on: products, a filter, features."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import jax
import numpy as np
from jax import Array

from longnn.graphs.device import on_device
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_entries
from longnn.operators.csr import csr_operator, csr_rows
from longnn.operators.native.operator import native_operator
from longnn.operators.native.rows import native_rows
from polybases import jacobi, weighted_sum

Part = Literal["operator", "features"]
"""What is chosen on its own: S with its filters, or sparse features with their layers."""

WIDTHS = (8, 32, 50, 128)
"""Columns of the signals that are multiplied; the filter has those of the third."""

ORDER, NODES, EDGES = 10, 5_000, 100_000
FEATURES, ENTRIES, HIDDEN, MEMBERS = 1_500, 20, 64, 4
"""Features, those that a node has, and outputs of a layer in each run of a batch."""


class Work(NamedTuple):
    """One piece of work as a compiled function of x on each backend."""

    part: Part
    name: str
    native: Callable[[Array], Array]
    csr: Callable[[Array], Array]
    x: Array


def operator_work() -> list[Work]:
    """Products S x of several widths, and a filter."""
    rng = np.random.default_rng(0)
    ends = (NODES * rng.random((EDGES, 2)) ** 2).astype(np.int64)
    graph = Graph.from_edges(rng.permutation(NODES)[ends[ends[:, 0] != ends[:, 1]]], NODES)
    native = native_operator(graph)
    csr = csr_operator(graph, shift_entries(graph), np.float32)
    signals = {w: on_device(rng.normal(size=(NODES, w)), np.float32) for w in WIDTHS}
    both = jax.jit(native.matvec), jax.jit(csr.matvec)
    products = [Work("operator", f"product, width {w}", *both, signals[w]) for w in WIDTHS]
    width = WIDTHS[2]
    alpha, theta = np.full(width, 0.5, np.float32), np.ones((ORDER + 1, width), np.float32)
    recurrence = jax.jit(lambda a: jacobi(ORDER, a, a))(alpha)  # one program, not dozens
    filters = (
        jax.jit(lambda x: native.filter_sum(recurrence, on_device(theta), x)),
        jax.jit(lambda x: weighted_sum(recurrence, theta, csr.matvec, x)),
    )
    name = f"filter, K = {ORDER}, width {width}"
    return [*products, Work("operator", name, *filters, signals[width])]


def features_work() -> list[Work]:
    """X W and X^T G of all members of a batch, each with values of its own, as dropout makes."""
    rng = np.random.default_rng(0)
    places = np.sort(rng.integers(0, FEATURES, (NODES, ENTRIES)), axis=1)
    rows, columns = np.repeat(np.arange(NODES), ENTRIES), places.ravel()
    work = []
    for name, entries, shape in (
        ("X W", (rows, columns), (NODES, FEATURES)),
        ("X^T G", (columns, rows), (FEATURES, NODES)),
    ):
        native, (csr, order) = native_rows(*entries, shape), csr_rows(*entries, shape)
        values = rng.normal(size=(MEMBERS, len(rows))).astype(np.float32)
        x = on_device(rng.normal(size=(MEMBERS, shape[1], HIDDEN)), np.float32)
        both = (
            jax.jit(partial(native.sum_members, on_device(values))),
            jax.jit(partial(csr.sum_members, on_device(values[:, order]))),
        )
        work.append(Work("features", f"{name}, {MEMBERS} runs of width {HIDDEN}", *both, x))
    return work
