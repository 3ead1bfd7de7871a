"""Powers of a lazy step, with a learnable share of the step (AdaptKry)."""

from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np

from polybases.recurrence import NO_WEIGHT, Recurrence, check_order
from polybases.shapes import Numbers


def krylov(order: SupportsIndex, tau: Numbers) -> Recurrence:
    """p_k(x) = (tau x + 1 - tau)^k: the Krylov vectors of P = tau S + (1 - tau) I.

    A small tau keeps much of the signal at each step and moves the spectrum of P away from
    negative values; tau = 1 gives the monomials. Source: Huang et al. (arXiv 2403.07954), where P
    is built on the degrees of tau A + (1 - tau) I instead. Both agree up to a rescaling of tau on
    regular graphs; elsewhere pass the ``matvec`` of that matrix, with tau = 1 here.

    Args:
        order: K >= 0.
        tau: [...] in (0, inf), usually at most 1.

    Returns:
        Recurrence with leaves [K, ...]; it has no weight and no norms.

    Raises:
        ValueError: if order < 0, or a concrete tau is not positive and finite.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.evaluate(polybases.krylov(2, 0.5), jnp.array(0.0)))  # (1/2)^k
        [1.   0.5  0.25]
    """
    order = check_order(order)
    if not isinstance(tau, jax.core.Tracer):
        values = np.asarray(tau)
        if not np.all(np.isfinite(values) & (values > 0)):
            raise ValueError(f"tau must be positive and finite, got {tau}")
    tau = jnp.asarray(tau, jnp.result_type(tau, float))
    ones = jnp.ones((order, *tau.shape), tau.dtype)
    diagonal, upper = (1 - 1 / tau) * ones, ones / tau
    return Recurrence(jnp.ones_like(tau), diagonal, upper, 0 * ones, NO_WEIGHT)
