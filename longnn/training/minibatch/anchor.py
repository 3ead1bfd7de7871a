"""How far the learned bases are from the fixed one, and a nearer one where they are too far.

A filter in the basis p is made of terms in the basis q by p = C q. Summed in a precision eps, this
adds an error of at most about kappa(C) eps to sum_k theta_k p_k(S) X, relative to the product of
the norms of theta and of the p_k(S) X, where kappa is the condition number of C, whose rows are
scaled to length 1 (theta takes the scale). It is computed in float64.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Float64

from longnn.training.minibatch.reading import Changed, Terms
from longnn.training.program import Program
from polybases import Recurrence, connection, jacobi
from polybases.modules import Jacobi

TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
"""The bound above which another basis is taken, by the type of the arithmetic."""


class Bases(NamedTuple):
    """The bases of the first filters of B runs.

    Attributes:
        leaves: first, diagonal, upper, lower; [B, ...], [B, K, ...].
        alpha, beta: [B] exponents of Jacobi bases; None where they are others.
    """

    leaves: tuple[Array, Array, Array, Array]
    alpha: Array | None
    beta: Array | None


@partial(jax.jit, static_argnames=("program",))
def bases_of(program: Program, params: nnx.State, settings: nnx.State) -> Bases:
    """The bases of B models; leaves of parameters and settings are [B, ...]."""

    def one(params: nnx.State, settings: nnx.State) -> Bases:
        model: Any = program.model(params, settings)
        spectral = model.filters[0]
        leaves = spectral.terms()[0][:4]
        basis = getattr(spectral, "basis", None)
        if not isinstance(basis, Jacobi):
            return Bases(leaves, None, None)
        return Bases(leaves, jnp.mean(basis.alpha), jnp.mean(basis.beta))

    return jax.vmap(one)(params, settings)


def condition_numbers(
    leaves: tuple[Array | np.ndarray, ...], fixed: Recurrence
) -> Float64[np.ndarray, " B"]:
    """kappa of the connection matrix of each of B runs, the largest over its channels.

    Args:
        leaves: of the bases p, as those of :class:`Bases`.
        fixed: the basis q, coefficients [K].

    Returns:
        [B], NaN where a basis is not finite.
    """
    first, *others = (np.asarray(leaf, np.float64) for leaf in leaves)
    count = len(first)
    # [B, ...] and [B, K, ...] become [b] and [K, b], one column for a run and channel
    width = max(leaf[0, 0].size for leaf in others)
    flat: list[np.ndarray] = [np.broadcast_to(first.reshape(count, -1), (count, width)).reshape(-1)]
    for leaf in others:
        rows = np.moveaxis(leaf.reshape(*leaf.shape[:2], -1), 1, 0)
        flat.append(np.broadcast_to(rows, (len(rows), count, width)).reshape(len(rows), -1))
    matrices = np.moveaxis(_connected(Recurrence(*flat), fixed), -1, 0)  # type: ignore[arg-type]
    found = np.full(len(matrices), np.nan)
    finite = np.isfinite(matrices).all(axis=(1, 2))
    rows = matrices[finite]
    found[finite] = np.linalg.cond(rows / np.linalg.norm(rows, axis=2, keepdims=True))
    return found.reshape(count, -1).max(axis=1)


def _connected(p: Recurrence, q: Recurrence) -> Float64[np.ndarray, "K1 K1 *b"]:
    """C with p = C q, in float64 on the host."""
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        return np.asarray(_connection(as_float64(p), as_float64(q)))


_connection = jax.jit(connection)


def as_float64(basis: Recurrence) -> Recurrence:
    """The coefficients alone, in float64 on the host."""
    return Recurrence(*(np.asarray(leaf, np.float64) for leaf in basis[:4]))  # type: ignore[arg-type]


def jacobi_basis(order: int, alpha: float, beta: float) -> Recurrence:
    """The orthonormal Jacobi basis in float64 on the host, coefficients alone.

    Args:
        order: K.
        alpha, beta: > -1.
    """
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        made = jacobi(order, np.float64(alpha), np.float64(beta))
    return as_float64(made)


def anchored(terms: Terms, exponents: tuple[float, float], dtype: np.dtype) -> Changed:
    """The terms in the Jacobi basis of these exponents.

    Args:
        terms: in any basis.
        exponents: (alpha, beta).
        dtype: of the terms that are given.
    """
    basis = jacobi_basis(terms.basis.diagonal.shape[0], *exponents)
    return Changed(terms, basis, _connected(basis, terms.basis), dtype)


def nearer(
    bases: Bases, running: Bool[np.ndarray, " B"], bound: Float[np.ndarray, " B"], order: int
) -> tuple[float, float] | None:
    """Exponents of a basis at less than half of the distance of the worst run; None if none is.

    Args:
        bases: of B runs.
        running: [B] those that count.
        bound: [B] condition numbers with respect to the basis that is used now.
        order: K.
    """
    if bases.alpha is None or bases.beta is None:
        return None
    alpha, beta = (np.asarray(e, np.float64)[running] for e in (bases.alpha, bases.beta))
    mean = float(alpha.mean()), float(beta.mean())
    if not np.isfinite(mean).all():
        return None
    there = condition_numbers(bases.leaves, jacobi_basis(order, *mean))
    return mean if there[running].max() < bound[running].max() / 2 else None
