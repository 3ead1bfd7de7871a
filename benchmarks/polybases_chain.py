"""Error of operators' terms and filters in float32 on a chain graph: a Markdown table.

    python -m benchmarks.polybases_chain [--nodes 200]

The path of N nodes is what loses most: its eigenvalues reach 1 and -1 and crowd there. Each result
is compared with the eigenvectors of the matrix in float64, ||got - exact|| / ||exact||, the worst
over the terms. "product" is the off-diagonal as the product of DLMF 18.9.2 in float32; "polybases"
has it by its distance from 1/2.
"""

import argparse
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import longnn
import polybases
from benchmarks.libraries import ours

NODES, ORDER = 200, 64
PAIRS = [(0.0, 0.0), (-0.5, -0.5), (1.0, 0.5), (3.0, 0.0)]
BACKENDS = ("native", "segment_sum")
HEADER = (
    "| alpha, beta | signal | off-diagonal | expand, native | expand, segment_sum "
    "| filter, native | filter, segment_sum |\n|---|---|---|---|---|---|---|"
)


def by_product(order: int, alpha: float, beta: float) -> polybases.Recurrence:
    """The Jacobi basis with its off-diagonal as a product in float32."""
    basis = by_distance(order, alpha, beta)
    k, s = np.arange(1, order + 1, dtype=np.float32), np.float32(alpha + beta)
    a, b = np.float32(alpha), np.float32(beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = 4 * k * (k + a) * (k + b) * (k + s) / ((2 * k + s) ** 2 * ((2 * k + s) ** 2 - 1))
    upper = jnp.sqrt(squared).at[0].set(basis.upper[0])  # 0/0 at s = -1
    lower = jnp.concatenate([jnp.zeros(1, upper.dtype), upper[:-1]])
    return basis._replace(upper=upper, lower=lower, ends=None)


def by_distance(order: int, alpha: float, beta: float) -> polybases.Recurrence:
    """The Jacobi basis in float32."""
    return polybases.jacobi(order, jnp.float32(alpha), jnp.float32(beta))


def signals(nodes: int) -> dict[str, np.ndarray]:
    """[N, 4] each: normal numbers, and smooth ones, that lie in the low frequencies."""
    t = np.linspace(-1, 1, nodes)
    smooth = np.stack([np.ones(nodes), t, np.exp(-9 * t**2), np.cos(3 * t)], axis=1)
    return {"random": np.random.default_rng(0).normal(size=(nodes, 4)), "smooth": smooth}


def error(got: Any, exact: np.ndarray) -> float:
    """The largest ||got - exact|| / ||exact|| over the first axis."""
    difference = np.asarray(got, np.float64) - exact
    axes = tuple(range(1, exact.ndim))
    return float(np.sqrt((difference**2).sum(axes) / (exact**2).sum(axes)).max())


def exact_terms(nodes: int, alpha: float, beta: float, x: np.ndarray) -> np.ndarray:
    """[K+1, N, C] terms p_k(S) x through the eigenvectors of S, in float64."""
    degree = np.full(nodes, 2.0)
    degree[[0, -1]] = 1
    off = 1 / np.sqrt(degree[1:] * degree[:-1])
    eigenvalues, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    with jax.enable_x64(True):
        values = ours(ORDER, alpha, beta, np.clip(eigenvalues, -1, 1))
    return np.einsum("in,kn,nc->kic", vectors, np.asarray(values), vectors.T @ x)


def table(nodes: int = NODES, pairs: list[tuple[float, float]] = PAIRS) -> list[str]:
    """The lines below the header."""
    path = np.stack([np.arange(nodes - 1), np.arange(1, nodes)], axis=1)
    graph = longnn.Graph.from_pairs(path, None, nodes)
    operators = [longnn.normalized_adjacency(graph, backend=backend) for backend in BACKENDS]
    theta = np.random.default_rng(1).normal(size=(ORDER + 1, 4)).astype(np.float32)
    lines = []
    for alpha, beta in pairs:
        for name, signal in signals(nodes).items():
            x = signal.astype(np.float32)
            exact = exact_terms(nodes, alpha, beta, x.astype(np.float64))
            summed = np.einsum("kc,kic->ic", theta, exact)[None]
            for kind, build in (("product", by_product), ("polybases", by_distance)):
                basis = build(ORDER, alpha, beta)
                terms = [error(polybases.expand(basis, s.matvec, x), exact) for s in operators]
                sums = [error(longnn.filter(s, basis, theta, x)[None], summed) for s in operators]
                cells = " | ".join(f"{e:.1e}" for e in (*terms, *sums))
                lines.append(f"| {alpha:g}, {beta:g} | {name} | {kind} | {cells} |")
    return lines


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=NODES, help="of the path")
    nodes = parser.parse_args().nodes
    print(HEADER, *table(nodes), sep="\n")
    print(f"\nA path of {nodes} nodes, K = {ORDER}, jax {jax.__version__}.")


if __name__ == "__main__":
    main()
