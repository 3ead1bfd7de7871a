"""Adaptive Krylov subspaces: powers of a lazy walk (arXiv 2403.07954)."""

from typing import Unpack

import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.coefficients import Free
from longnn.models.model import Setting
from longnn.models.series import InBasis
from longnn.models.spectral import Body, Spectral
from polybases import Recurrence, krylov
from polybases.modules import Krylov


class KrylovGNN(Spectral):
    """An MLP of features that are averaged over lazy walks (adaptive Krylov subspaces).

    Z = MLP(sum_k w_k P^k X) with P = tau S + (1 - tau) I, after AdaptKry (arXiv 2403.07954). All
    channels share w, which starts at 1/(K+1). Deviations from the paper: P is not normalised again,
    which ``graph.self_loops=(1-tau)/tau`` with ``tau=1`` does; the MLP has two layers; there is one
    tau, which is learned instead of searched unless ``learnable=False``. The optimizer groups are
    "mlp", "coefficients" (w) and "basis" (tau).

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        tau: probability of a step of the walk, in (0, 1) if it is learned, else > 0.
        learnable: whether tau is a parameter.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`;
            ``placement="before"`` is the default here.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        tau: ArrayLike = 0.5,
        learnable: bool = True,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)
        check_range("tau", tau, 0, 1 if learnable else float("inf"), "()")

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            basis: type[Krylov | FixedKrylov] = Krylov if learnable else FixedKrylov
            weights = Free(jnp.full(order + 1, 1 / (order + 1)), channels=1, dtype=dtype)
            return InBasis(basis(order, tau, dtype=dtype), weights)

        body = {"placement": "before", **body}
        super().__init__(in_features, classes, make, **body)


class FixedKrylov(nnx.Module):
    """The Krylov basis at a tau that is not learned."""

    def __init__(self, order: int, tau: ArrayLike, *, dtype: DTypeLike = jnp.float32):
        self.order, self.tau = order, Setting(jnp.asarray(tau, dtype))

    def __call__(self) -> Recurrence:
        """Returns the basis."""
        return krylov(self.order, self.tau[...])
