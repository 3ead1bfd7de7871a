"""Terms p_k(S) X of some nodes in place of their features: filters that need no graph any more."""

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.models.dropout import Key, drop
from longnn.models.packed import Packed
from polybases import Recurrence, connection

_REFUSED = (
    "terms that were propagated before the first layer go with a spectral model of "
    "placement='before'; give features and an operator, or that setting"
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Propagated:
    """Terms q_k(S) X of n nodes in one fixed basis q, of which any filter of order K is made.

    p_k = sum_j C_kj q_j for every basis p of the same order (``polybases.connection``), so that
    sum_k theta_k p_k(S) X = sum_j (C^T theta)_j q_j(S) X: exact in the value and in the derivatives
    by theta and by the parameters of p. A model with ``placement="before"`` takes these terms in
    place of its features and of its operator.

    Attributes:
        terms: [K+1, n, F] q_k(S) X of n nodes; or these in few bits, which take as much less
            memory (`longnn.models.packed.Packed`).
        basis: the fixed basis q, coefficients [K].
    """

    terms: Float[Array, "K1 n F"] | Packed
    basis: Recurrence

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers (n, F) of nodes and of features."""
        return self.terms.shape[1], self.terms.shape[2]

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the terms."""
        return self.terms.dtype

    def matvec(self, x: Float[Array, "n *channels"]) -> Float[Array, "n *channels"]:
        """Refuses: there is no operator any more, and models take these terms for one, too.

        Raises:
            ValueError: always.
        """
        raise ValueError(_REFUSED)

    def project(
        self, weight: Float[Array, "F H"], rate: ArrayLike = 0.0, key: Key | None = None
    ) -> Float[Array, "n H"]:
        """Refuses: the features themselves are not kept.

        Raises:
            ValueError: always.
        """
        raise ValueError(_REFUSED)

    def filtered(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "K1 #H"],
        weight: Float[Array, "F H"],
        rate: ArrayLike = 0.0,
        key: Key | None = None,
    ) -> Float[Array, "n H"]:
        """Returns sum_k theta_kh (p_k(S) X W)_h.

        Args:
            recurrence: basis p of order K, coefficients [K] or [K, H].
            theta: [K+1, H] coefficients, or [K+1, 1] where all channels share them.
            weight: [F, H] matrix W.
            rate: rate of a dropout of X; a feature of a node is dropped from all its K+1 terms.
            key: the dropout's key, or None for evaluation.

        Raises:
            ValueError: if p is of another order.
        """
        ours = coefficients_in(self.basis, recurrence, theta, self.dtype)
        kept = drop(jnp.ones(self.shape, self.dtype), rate, key) if key is not None else None
        if ours.shape[1] == 1:
            signal = self._combined(ours[:, 0])
            return (signal if kept is None else signal * kept) @ weight
        if isinstance(self.terms, Packed):
            return self.terms.projected(ours, weight, kept)
        terms = self.terms if kept is None else self.terms * kept
        return _sum(ours, terms @ weight)

    def _combined(self, theta: Float[Array, " K1"]) -> Float[Array, "n F"]:
        if isinstance(self.terms, Packed):
            return self.terms.combined(theta)
        return _sum(theta, self.terms)


def _sum(theta: Float[Array, "K1 ..."], terms: Float[Array, "K1 n _"]) -> Float[Array, "n _"]:
    """sum_k theta_k t_k, one after the other: as one product, its derivative by theta would be a
    single long sum over nodes, and some hundred times less accurate in float32."""
    return functools.reduce(jnp.add, (t * term for t, term in zip(theta, terms, strict=True)))


def coefficients_in(
    basis: Recurrence, recurrence: Recurrence, theta: Float[Array, "K1 #H"], dtype: DTypeLike
) -> Float[Array, "K1 #H"]:
    """Returns C^T theta: coefficients of the same filter in a fixed basis.

    Args:
        basis: the fixed basis q of order K, coefficients [K].
        recurrence: basis p of order K, coefficients [K] or [K, H].
        theta: [K+1, H] coefficients in p, or [K+1, 1].
        dtype: of the coefficients of q.

    Raises:
        ValueError: if the bases have different orders.
    """
    here = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), Recurrence(*basis[:4]))
    change = connection(recurrence, here)
    change = change.reshape(*change.shape[:2], -1)
    return jnp.einsum("kjh,kh->jh", change, theta, precision="highest")


def filter_of(
    model: Any, basis: Recurrence
) -> tuple[Float[np.ndarray, "K1 #H"], Float[np.ndarray, "F H"]]:
    """What a model with ``placement="before"`` makes of terms: sum_k theta_kh (q_k(S) X W)_h.

    ``longnn.stores.calibrate`` takes both, and says how many bits each term needs.

    Args:
        model: a spectral model with ``placement="before"``, such as ``run.model(0)``.
        basis: the fixed basis q of the terms, of the order of the model.

    Returns:
        (theta [K+1, H] in the basis q, or [K+1, 1] where all channels share it; W [F, H]).

    Raises:
        ValueError: if the model has another placement or order.

    Example:
        >>> import longnn, polybases
        >>> from flax import nnx
        >>> model = longnn.models.LonGNN(5, 2, order=3, placement="before", rngs=nnx.Rngs(0))
        >>> theta, weight = filter_of(model, polybases.jacobi(3, 1.0, 0.0))
        >>> theta.shape, weight.shape
        ((4, 64), (5, 64))
    """
    if getattr(model, "placement", None) != "before":
        raise ValueError(_REFUSED)
    weight = model.embedding.kernel[...]
    recurrence, own = model.filters[0].terms()
    theta = coefficients_in(basis, recurrence, own, weight.dtype)
    return np.asarray(theta), np.asarray(weight)
