"""The learned filter as a function of lambda, of one model or of a batch of them."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Real

from longnn.graphs.device import on_device
from longnn.operators.protocol import Operator
from longnn.training.loop import Program


@runtime_checkable
class HasResponse(Protocol):
    """What has a filter for each of B runs: a fit, or an opened run directory."""

    def response(self, lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, "B G C"]:
        """g(lambda) [B, G, C] of each run at lambda [G] in [0, 2]."""


def module_response(model: nnx.Module, lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, "G C"]:
    """g(lambda) of the filter of one model.

    Args:
        model: a module with ``response(x)``, x = 1 - lambda (``longnn.models.Model``).
        lam: [G] eigenvalues of L = I - S, in [0, 2].

    Returns:
        [G, C]; C = 1 if all channels share one filter.

    Raises:
        ValueError: if the model has no filter that is a function of lambda, or lam is no vector
            in [0, 2].

    Example:
        >>> import numpy as np
        >>> from flax import nnx
        >>> from longnn.models import LonGNN
        >>> model = LonGNN(8, 3, order=4, rngs=nnx.Rngs(0))
        >>> module_response(model, np.linspace(0, 2, 5)).shape
        (5, 3)
    """
    lam = check_lambda(lam)
    dtype = jax.tree.leaves(nnx.state(model, nnx.Param))[0].dtype
    return np.asarray(_filter_of(model)(jnp.asarray(1 - lam, dtype)))


def batch_response(
    program: Program, params: nnx.State, settings: nnx.State, lam: Real[np.ndarray, " G"]
) -> Float[np.ndarray, "B G C"]:
    """g(lambda) of the filters of B models.

    Args:
        program: what the models have in common.
        params: parameters, leaves [B, ...].
        settings: traced settings, leaves [B, ...].
        lam: [G] eigenvalues of L = I - S, in [0, 2].

    Returns:
        [B, G, C]; C = 1 if all channels share one filter.

    Raises:
        ValueError: see :func:`module_response`.
    """
    x = on_device(1 - check_lambda(lam), jax.tree.leaves(params)[0].dtype)
    return np.asarray(_responses(program, params, settings, x))


@partial(jax.jit, static_argnames=("program",))
def _responses(program: Program, params: nnx.State, settings: nnx.State, x: Array) -> Array:
    """g at x [G] of each of B models, [B, G, C]."""

    def one(p: nnx.State, s: nnx.State) -> Array:
        return _filter_of(program.model(p, s))(x)

    return jax.vmap(one)(params, settings)


def propagated_response(
    model: nnx.Module,
    operator: Operator,
    eigenvectors: Float[np.ndarray, "N M"],
    channels: int,
) -> Float[np.ndarray, "M C"]:
    """g(lambda_j) as what the filter makes of the graph: <u_j, g(S) u_j>, no lambda involved.

    Args:
        model: a module whose first filter is measured.
        operator: S on N nodes.
        eigenvectors: [N, M] orthonormal eigenvectors u_j of S.
        channels: the number C of channels that the filter works on, >= 1.

    Returns:
        [M, C].

    Raises:
        ValueError: if the model has no filters.
    """
    measure = partial(_measured, first_filter(model), operator, channels)
    return np.asarray(jax.lax.map(measure, jnp.asarray(eigenvectors.T), batch_size=64))


def first_filter(model: nnx.Module) -> Callable[[Operator, Array], Array]:
    """The filter nearest to the features; raises ValueError if the model has none."""
    if not hasattr(model, "filters"):
        raise ValueError(f"{type(model).__name__} has no filters to propagate through")
    return model.filters[0]


def _measured(
    spectral: Callable[[Operator, Array], Array], operator: Operator, channels: int, u: Array
) -> Array:
    """[C] for u [N]."""
    # a GPU would round float32 to ten bits
    return jnp.dot(u, spectral(operator, jnp.tile(u[:, None], channels)), precision="highest")


def check_lambda(lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, " G"]:
    """lam [G] in double precision; raises ValueError if it is no vector of values in [0, 2]."""
    lam = np.asarray(lam, float)
    if lam.ndim != 1 or not np.all((lam >= -1e-6) & (lam <= 2 + 1e-6)):
        raise ValueError(f"lam must be a vector of values in [0, 2], got {lam!r}")
    return lam


def _filter_of(model: nnx.Module) -> Callable[[Array], Array]:
    if not hasattr(model, "response"):
        why = "its filters depend on the signal" if hasattr(model, "filters") else "it names none"
        raise ValueError(
            f"{type(model).__name__} has no filter that is a function of lambda: {why}; a model "
            "that has one defines response(x), x = 1 - lambda"
        )
    return model.response
