"""The basis orthonormal under a signal's own spectral density (OptBasisGNN)."""

from dataclasses import dataclass
from typing import Any

import jax
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from polybases.lanczos import three_term
from polybases.operators import as_matvec
from polybases.recurrence import check_order, check_real


@jax.tree_util.register_static
@dataclass(frozen=True)
class OptBasis:
    """Lanczos vectors of each channel: [K+1, N, ...] orthonormal in the node dimension.

    The basis adapts to x, so the map from x to the terms is not linear: it is homogeneous of
    degree 0, expand(c x) = expand(x) for c > 0. The three-term recurrence is orthonormal under
    the density of x over the spectrum of S. Source: Guo and Wei (arXiv 2302.12432), algorithm 4.

    Attributes:
        order: K >= 0, static; below the number of distinct frequencies in x, else later terms
            vanish.

    Raises:
        ValueError: if order is not an integer >= 0.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> S = jnp.diag(jnp.array([-0.5, 0.0, 0.5]))
        >>> terms = polybases.OptBasis(1).expand(lambda t: S @ t, jnp.ones(3))
        >>> print(jnp.round(jnp.abs(terms @ terms.T), 6))
        [[1. 0.]
         [0. 1.]]
    """

    order: int

    def __post_init__(self) -> None:
        check_order(self.order)

    def expand(
        self, matvec: Any, x: Float[ArrayLike, "N *channels"]
    ) -> Float[Array, "terms N *channels"]:
        """x [N, ...] -> [K+1, N, ...]; a channel of zeros, or an exhausted one, gives zeros."""
        x = check_real(x)
        return three_term(as_matvec(matvec, x.dtype), self.order, x).vectors
