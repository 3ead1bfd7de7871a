"""The learned filter as a function of lambda."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from longnn.operators.protocol import Operator
from longnn.runs.saved import Run
from longnn.training import Fit

Trained = Run | Fit | nnx.Module


def response(trained: Trained, lam: np.ndarray) -> np.ndarray:
    """g(lambda) of every run of a batch, at the selected epochs.

    Args:
        trained: B runs (``longnn.load``, ``longnn.training.fit``) or one module with ``response``.
        lam: [G] eigenvalues of L = I - S, in [0, 2]: a grid, or those of a graph
            (``longnn.analysis.eigenvalues``).

    Returns:
        [B, G, C] in the units of the filter's output over its input; C = 1 if all channels share
        one filter.

    Raises:
        ValueError: if the model has no filter that is a function of lambda, or lam is no vector
            in [0, 2].
    """
    lam = np.asarray(lam, float)
    if lam.ndim != 1 or not np.all((lam >= -1e-6) & (lam <= 2 + 1e-6)):
        raise ValueError(f"lam must be a vector of values in [0, 2], got {lam!r}")
    if isinstance(trained, nnx.Module):
        dtype = jax.tree.leaves(nnx.state(trained, nnx.Param))[0].dtype
        return np.asarray(_filter(trained)(jnp.asarray(1 - lam, dtype)))[None]
    fit = trained.fit if isinstance(trained, Run) else trained
    x = jnp.asarray(1 - lam, jax.tree.leaves(fit.params)[0].dtype)

    def one(params: nnx.State, settings: nnx.State) -> Array:
        return _filter(fit.program.model(params, settings))(x)

    return np.asarray(jax.vmap(one)(fit.params, fit.settings))


def _filter(model: Any) -> Any:
    if not hasattr(model, "response"):
        why = "its filters depend on the signal" if hasattr(model, "filters") else "it names none"
        raise ValueError(
            f"{type(model).__name__} has no filter that is a function of lambda: {why}; a model "
            "that has one defines response(x), x = 1 - lambda"
        )
    return model.response


def propagated_response(
    model: Any, operator: Operator, eigenvectors: np.ndarray, channels: int
) -> np.ndarray:
    """g(lambda_j) as what the filter makes of the graph: <u_j, g(S) u_j>, no lambda involved.

    Args:
        model: module whose first filter is measured.
        operator: S on N nodes.
        eigenvectors: [N, M] orthonormal eigenvectors u_j of S.
        channels: C that the filter works on.

    Returns:
        [M, C].

    Raises:
        ValueError: if the model has no filters.
    """
    if not hasattr(model, "filters"):
        raise ValueError(f"{type(model).__name__} has no filters to propagate through")
    measure = partial(_measured, model.filters[0], operator, channels)
    return np.asarray(jax.lax.map(measure, jnp.asarray(eigenvectors.T), batch_size=64))


def _measured(spectral: Any, operator: Operator, channels: int, u: Array) -> Array:
    """[C] for u [N]."""
    return u @ spectral(operator, jnp.tile(u[:, None], channels))
