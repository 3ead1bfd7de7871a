"""What an error of each term does to the output, and the bits that this leaves for each order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64

from longnn.stores.budget import Calibration
from longnn.stores.packing import Tiles, decode, encode
from longnn.stores.rounding import BITS
from longnn.stores.terms import StoredTerms

SAMPLE = 2048
"""Training nodes that are looked at."""


def calibrate(
    terms: StoredTerms,
    nodes: Any,
    theta: Float[np.ndarray, "K1 #H"] | None = None,
    weight: Float[np.ndarray, "F H"] | None = None,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
) -> Calibration:
    """Measures on training nodes what rounding a term does to sum_k theta_kh (q_k(S) X W)_h.

    Args:
        terms: of `longnn.stores.propagate`.
        nodes: numbers of training nodes; labels are not looked at, nor other nodes.
        theta: coefficients in the basis of the terms (``longnn.models.propagated.filter_of`` gives
            those of a trained model, and W); None: 1 for every order, the default policy where
            nothing is trained yet.
        weight: W; None: the identity.
        sample: most nodes that are looked at, drawn without replacement, >= 1. They are rounded in
            tiles among themselves, which is how they lie on the disk from 64 features on.
        seed: of the drawing.

    Raises:
        ValueError: if shapes do not fit, there is no node, the output is zero, or the terms are in
            few bits already.
        IndexError: if a node lies outside [0, N).

    Example:
        >>> import longnn, polybases, tempfile
        >>> graph = longnn.stores.grid((folder := tempfile.mkdtemp()) + "/grid", 20, 20)
        >>> x = np.random.default_rng(0).integers(2, size=(400, 128)).astype(float)
        >>> basis = polybases.jacobi(3, 0.0, 0.0)
        >>> terms = longnn.stores.propagate(folder + "/terms", graph, x, basis)
        >>> found = longnn.stores.calibrate(terms, np.arange(200))
        >>> found.choose(share=0.25)  # two values are exact at 1 bit
        (1, 8, 8, 8)
    """
    if terms.bits is not None:
        raise ValueError(f"{terms.path} is in few bits already; give the terms it was made of")
    chosen = _sampled(np.asarray(nodes), terms.num_nodes, sample, seed)
    coefficients = np.ones((terms.order + 1, 1)) if theta is None else np.asarray(theta, float)
    matrix = None if weight is None else np.asarray(weight, np.float64)
    _check_shapes(terms, coefficients, matrix)
    errors = np.zeros((terms.order + 1, len(BITS)))
    output: Any = 0.0
    for k in range(terms.order + 1):
        parts = list(_parts(terms, chosen, k))
        output = output + _output([p for _, p in parts], coefficients[k], matrix)
        for i, bits in enumerate(BITS):
            moved = [_error(p, bits, tiles) for tiles, p in parts]
            errors[k, i] = (_output(moved, coefficients[k], matrix) ** 2).sum()
    size = float((output**2).sum())
    if size == 0:
        raise ValueError("the output of these terms is zero at every node that was looked at")
    each = [sum(Tiles.of(w).bytes(b, terms.num_nodes, w) for w in terms.widths) for b in BITS]
    plain = 4 * terms.num_nodes * terms.features
    return Calibration(errors / size, np.array(each), plain, len(chosen))


def _parts(
    terms: StoredTerms, nodes: Int64[np.ndarray, " n"], k: int
) -> Iterator[tuple[Tiles, Float[np.ndarray, "n W"]]]:
    """Rows of the blocks of columns of q_k(S) X."""
    for files, width in zip(terms.files, terms.widths, strict=True):
        out = np.empty((len(nodes), width), terms.dtype)
        files[k].take(nodes, out)
        yield Tiles.of(width), out


def _error(values: Float[np.ndarray, "n W"], bits: int, tiles: Tiles) -> Float[np.ndarray, "n W"]:
    """How far rounding moves the values."""
    content, ends = encode(values, bits, tiles)
    out = np.empty(values.shape, np.float32)
    decode(content, ends[np.arange(len(values)) // tiles.rows], bits, tiles, out)
    return out.astype(np.float64) - values


def _output(
    parts: list[Float[np.ndarray, "n _"]],
    theta: Float64[np.ndarray, " H"],
    weight: Float64[np.ndarray, "F H"] | None,
) -> Float64[np.ndarray, "n _"]:
    values = np.concatenate(parts, axis=1)
    return theta * (values if weight is None else values @ weight)


def _sampled(nodes: Any, count: int, sample: int, seed: int) -> Int64[np.ndarray, " n"]:
    if nodes.ndim != 1 or nodes.dtype.kind not in "iu" or not len(nodes) or sample < 1:
        raise ValueError(
            f"calibration needs the numbers of at least one training node, and sample >= 1; got "
            f"{nodes.dtype} of shape {nodes.shape} and sample={sample}; of a mask, give "
            "numpy.flatnonzero(mask)"
        )
    if nodes.min() < 0 or nodes.max() >= count:
        raise IndexError(f"nodes must lie in [0, {count}), got {nodes.min()} to {nodes.max()}")
    if len(nodes) > sample:
        nodes = np.random.default_rng(seed).choice(nodes, sample, replace=False)
    return np.sort(nodes).astype(np.int64)


def _check_shapes(
    terms: StoredTerms,
    theta: Float64[np.ndarray, "..."],
    weight: Float64[np.ndarray, "..."] | None,
) -> None:
    width = terms.features if weight is None else weight.shape[-1]
    good = weight is None or weight.shape == (terms.features, width)
    if not good or theta.shape not in ((terms.order + 1, 1), (terms.order + 1, width)):
        raise ValueError(
            f"terms of order {terms.order} and {terms.features} features need theta "
            f"[{terms.order + 1}, H or 1] and weight [{terms.features}, H], got {theta.shape} and "
            f"{None if weight is None else weight.shape}"
        )
