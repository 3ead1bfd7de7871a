"""S of a graph diagonalised exactly, in blocks where a symmetry is known, and kept on disk."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse
from jaxtyping import Float64, Integer, Real

from longnn.analysis.spectrum import EXACT_LIMIT
from longnn.fitting.expression import Response
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix
from longnn.runs.atomic import atomic_write

KEPT_FROM = 1000
"""Number of nodes from which a decomposition is worth a file."""

_VERSION = 1  # of the layout of the files


@dataclass(frozen=True, eq=False)
class Block:
    """An invariant subspace of S, spanned by sum_j signs_j e_orbits[j, i] / sqrt(G) for i < n.

    Attributes:
        orbits: [G, n] node indices.
        signs: [G] signs, +1 or -1.
        lam: [n] eigenvalues of L = I - S in the subspace, in [0, 2].
        vectors: [n, n] eigenvectors, one in each column.
    """

    orbits: Integer[np.ndarray, "G n"]
    signs: Float64[np.ndarray, " G"]
    lam: Float64[np.ndarray, " n"]
    vectors: Float64[np.ndarray, "n n"]


def decompose(
    graph: Graph,
    grid: tuple[int, int] | None = None,
    *,
    limit: int = EXACT_LIMIT,
    cache: Path | None = None,
) -> list[Block]:
    """Returns the eigenvalues and eigenvectors of L = I - S in float64, in blocks.

    S = D^-1/2 A D^-1/2 commutes with both reflections of a grid, so that symmetric and
    antisymmetric vectors do not mix: a grid gives four blocks of a quarter of the nodes.

    Args:
        graph: the graph of N nodes.
        grid: (rows, columns), both even, of a graph that is symmetric under both reflections; None
            for any other graph.
        limit: number of nodes of a block above which nothing is computed.
        cache: folder in which decompositions are kept, in files named by a hash of the graph and
            the blocks; None to neither read nor write one.

    Returns:
        Blocks whose subspaces are orthogonal to each other and sum to R^N.

    Raises:
        ValueError: if a block is larger than the limit, or the graph is not symmetric under the
            reflections of the grid.
    """
    s = shift_matrix(graph)
    orbits, signs = _whole(graph.num_nodes) if grid is None else _quarters(s, *grid)
    if orbits.shape[1] > limit:
        raise ValueError(
            f"the exact spectrum needs {orbits.shape[1]} x {orbits.shape[1]} matrices, above the "
            f"limit of {limit} nodes; raise limit=, take a part of the graph, or "
            "longnn.fitting.chebyshev_apply for a smooth response"
        )
    file = None
    if cache is not None and graph.num_nodes >= KEPT_FROM:
        file = cache / f"{_digest(s, orbits, signs)}.npz"
    pairs = _read(file, len(signs), orbits.shape[1])
    if pairs is None:
        pairs = [_diagonalised(s, orbits, sign) for sign in signs]
        _write(file, pairs)
    return [Block(orbits, sign, *pair) for sign, pair in zip(signs, pairs, strict=True)]


def apply(
    blocks: list[Block], response: Response, x: Real[np.ndarray, "N *channels"]
) -> Float64[np.ndarray, "N *channels"]:
    """Returns g(L) x in float64.

    Args:
        blocks: the blocks of L that :func:`decompose` returned.
        response: the response g.
        x: [N, ...] signals.

    Returns:
        [N, ...] filtered signals.

    Raises:
        ValueError: if x has another number of nodes than the blocks.

    Example:
        >>> graph = Graph.from_edges(np.array([[0, 1], [1, 2]]), 3)
        >>> x = np.array([1.0, 2.0, 3.0])
        >>> apply(decompose(graph), lambda lam: 0 * lam + 2, x).round(6).tolist()
        [2.0, 4.0, 6.0]
    """
    x = np.asarray(x, np.float64)
    nodes = sum(len(block.lam) for block in blocks)
    if x.shape[:1] != (nodes,):
        raise ValueError(f"signals must have shape [N, ...] with N = {nodes}, got {x.shape}")
    flat = x.reshape(nodes, -1)
    result = np.zeros_like(flat)
    for block in blocks:
        scale = block.signs / np.sqrt(len(block.signs))
        part = np.einsum("g,gnb->nb", scale, flat[block.orbits])
        part = block.vectors @ (response(block.lam)[:, None] * (block.vectors.T @ part))
        for nodes_of, factor in zip(block.orbits, scale, strict=True):
            result[nodes_of] += factor * part
    return result.reshape(x.shape)


def _whole(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(nodes)[None], np.ones((1, 1))


def _quarters(s: scipy.sparse.csr_array, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Orbits [4, N/4] under both reflections, and the signs [4, 4] of the four blocks."""
    if rows % 2 or columns % 2 or rows * columns != s.shape[0]:
        raise ValueError(
            f"a grid needs even rows and columns with rows x columns = N = {s.shape[0]}, got "
            f"{rows} x {columns}; leave grid out"
        )
    node = np.arange(rows * columns).reshape(rows, columns)
    mirrored = [node, node[:, ::-1], node[::-1], node[::-1, ::-1]]
    for image in mirrored[1:3]:
        other = image.ravel()
        if abs(s[other][:, other] - s).max() > 1e-14:
            raise ValueError("the graph is not symmetric under the reflections; leave grid out")
    quarter = [image[: rows // 2, : columns // 2].ravel() for image in mirrored]
    signs = [(1, u, v, u * v) for v in (1, -1) for u in (1, -1)]
    return np.stack(quarter), np.array(signs, float)


def _diagonalised(
    s: scipy.sparse.csr_array, orbits: np.ndarray, sign: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rows = s[orbits[0]]
    matrix = sum(factor * rows[:, nodes] for factor, nodes in zip(sign, orbits, strict=True))
    values, vectors = np.linalg.eigh(matrix.toarray())
    return np.clip(1 - values, 0, 2), vectors


def _digest(s: scipy.sparse.csr_array, *arrays: np.ndarray) -> str:
    s = s.sorted_indices()
    parts = (s.data, s.indices.astype(np.int64), s.indptr.astype(np.int64), *arrays)
    digest = hashlib.sha256(f"longnn decomposition {_VERSION}".encode())
    for part in parts:
        digest.update(str((part.dtype.str, part.shape)).encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:32]


def _read(file: Path | None, count: int, size: int) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Returns the pairs that a file holds; None if there is no file, or if it is not whole."""
    if file is None or not file.is_file():
        return None
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            pairs = [(kept[f"lam{i}"], kept[f"vectors{i}"]) for i in range(count)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    right = all(v.shape == (size, size) and w.shape == (size,) for w, v in pairs)
    return pairs if right else None


def _write(file: Path | None, pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"lam{i}": lam for i, (lam, _) in enumerate(pairs)}
    arrays |= {f"vectors{i}": vectors for i, (_, vectors) in enumerate(pairs)}
    with atomic_write(file) as path, path.open("wb") as part:
        np.savez(part, allow_pickle=False, **arrays)
