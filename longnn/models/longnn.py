"""LON-GNN: a spectral GNN whose orthonormal Jacobi basis is learned (arXiv 2303.13750)."""

from collections.abc import Callable, Sequence
from typing import Literal, Unpack

import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range, check_word
from longnn.models.coefficients import Decomposed, Free
from longnn.models.series import Basis, Coefficients, InBasis, Tridiagonal
from longnn.models.spectral import Body, Spectral
from polybases.modules import Jacobi
from polybases.scales import Scale

Initial = Literal["ones", "identity"]


class LonGNN(Spectral):
    """A model whose orthonormal Jacobi basis is learned together with its filter (LON-GNN).

    Z_c = sum_k theta_kc p_k(S) H_c, where the p_k are orthonormal under (1-x)^alpha (1+x)^beta and
    H is an embedding of the features; where the filter sits is a setting of
    :class:`longnn.models.Spectral`. Deviations from the published code: dropout is off at
    evaluation, alpha and beta stay above -1 by their parametrisation, and eta has no last entry
    without a gradient. The optimizer groups are "mlp", "decomposition" (eta), "coefficients" (w)
    and "basis" (alpha and beta).

    The ablations of the model are settings: ``learnable=False``, ``scale="monic"`` or
    ``"standard"``, ``coefficient_decomposition=False``, ``shared=True``, and ``decay`` of
    :class:`longnn.training.Optim`. Source: arXiv 2303.13750.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: initial exponent at x = 1 (low frequencies), > -1.
        beta: initial exponent at x = -1 (high frequencies), > -1.
        gamma0: scale of the factors of the decomposition, > 0.
        coefficient_decomposition: whether theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i), the
            polynomial coefficient decomposition (PCD, arXiv 2205.11172, eq. 12), or w_kc itself.
        initial_coefficients: what w starts with: "ones" as published, or "identity",
            (1, 0, ..., 0), whose filter is a multiple of the identity.
        shared: whether all channels have the same coefficients.
        scale: scale of the polynomials, "orthonormal", "monic" or "standard".
        learnable: whether alpha and beta, or the recurrence, are parameters.
        own_basis: whether each channel has an alpha and a beta of its own, which start alike; the
            curves show their means.
        recurrence: [2, K] diagonal and off-diagonal of the orthonormal basis that takes the place
            of the Jacobi polynomials, with p_0 = 1: that of the graph's own density
            (``longnn.analysis.density_recurrence``), or any other. It is learned freely, or kept if
            not ``learnable``; alpha, beta and ``basis`` are then not looked at.
        basis: (order, alpha, beta, dtype=...) -> module whose call returns a Recurrence; where
            scale or learnable are not the default, they are passed on by name.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`.

    Raises:
        ValueError: if a setting is unknown or lies outside its range, or if two do not go together.

    Example:
        >>> from flax import nnx
        >>> model = LonGNN(in_features=5, classes=3, order=4, rngs=nnx.Rngs(0))
        >>> model.theta().shape
        (5, 3)
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 0.0,
        beta: ArrayLike = 0.0,
        gamma0: ArrayLike = 1.0,
        coefficient_decomposition: bool = True,
        initial_coefficients: Initial = "ones",
        shared: bool = False,
        scale: Scale = "orthonormal",
        learnable: bool = True,
        own_basis: bool = False,
        recurrence: Float[ArrayLike, "2 K"] | Sequence[Sequence[float]] | None = None,
        basis: Callable[..., Basis] = Jacobi,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)
        check_word("initial_coefficients", initial_coefficients, Initial)
        check_range("gamma0", gamma0, 0, float("inf"), "()")
        if own_basis and (shared or recurrence is not None):
            other = "channels of their own coefficients" if shared else "alpha and beta"
            raise ValueError(
                f"own_basis=True needs {other}, got shared={shared}, recurrence="
                f"{'None' if recurrence is None else 'an array'}; leave one of them out"
            )
        given = None if recurrence is None else jnp.asarray(recurrence)
        if given is not None:
            check_recurrence(order, scale, given)
        values = jnp.ones(order + 1) if initial_coefficients == "ones" else jnp.eye(order + 1)[0]
        kind: dict[str, object] = {} if scale == "orthonormal" else {"scale": scale}
        kind |= {} if learnable else {"learnable": False}

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            width = 1 if shared else channels
            if coefficient_decomposition:
                theta: Coefficients = Decomposed(values, width, gamma0, dtype=dtype)
            else:
                theta = Free(values, width, dtype=dtype)
            if given is not None:
                return InBasis(Tridiagonal(given, learnable, dtype=dtype), theta)
            first = [jnp.broadcast_to(a, channels) if own_basis else a for a in (alpha, beta)]
            return InBasis(basis(order, *first, dtype=dtype, **kind), theta)

        super().__init__(in_features, classes, make, **body)


def check_recurrence(order: int, scale: Scale, recurrence: Float[ArrayLike, "2 K"]) -> None:
    """Raises a ValueError unless a recurrence is one of this order in the orthonormal scale.

    Args:
        order: K.
        scale: of the polynomials.
        recurrence: what came.
    """
    if jnp.shape(recurrence) != (2, order):
        raise ValueError(
            f"recurrence needs shape [2, K] = (2, {order}): the diagonal and the off-diagonal of "
            f"the basis, got {jnp.shape(recurrence)}"
        )
    if scale != "orthonormal":
        raise ValueError(f"recurrence is of an orthonormal basis; leave out scale={scale!r}")
