"""The learned filter as a function of lambda."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from longnn.training import Fit


def response(fit: Fit, lam: np.ndarray) -> np.ndarray:
    """g(lambda) of every run of a batch, at the selected epochs.

    Args:
        fit: trained batch of B runs whose model has ``response``.
        lam: [G] eigenvalues of L = I - S, in [0, 2].

    Returns:
        [B, G, C] in the units of the filter's output over its input.

    Raises:
        ValueError: if the model has no filter.
    """

    def one(params: nnx.State, settings: nnx.State, x: jax.Array) -> jax.Array:
        model = fit.program.model(params, settings)
        if not hasattr(model, "response"):
            raise ValueError(f"{type(model).__name__} has no filter: it defines no response(x)")
        return model.response(x)

    x = jnp.asarray(1 - np.asarray(lam), jax.tree.leaves(fit.params)[0].dtype)
    return np.asarray(jax.vmap(one, in_axes=(0, 0, None))(fit.params, fit.settings, x))
