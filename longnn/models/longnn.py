"""LON-GNN: a spectral GNN whose orthonormal Jacobi basis is learned (arXiv 2303.13750)."""

from collections.abc import Callable
from typing import Literal, Unpack

import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range, check_word
from longnn.models.coefficients import Decomposed, Free
from longnn.models.series import Basis, Coefficients, InBasis
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
        learnable: whether alpha and beta are parameters.
        basis: (order, alpha, beta, dtype=...) -> module whose call returns a Recurrence; where
            scale or learnable are not the default, they are passed on by name.
        body: the settings of every spectral model, see :class:`longnn.models.Spectral`.

    Raises:
        ValueError: if a setting is unknown or lies outside its range.

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
        basis: Callable[..., Basis] = Jacobi,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)
        check_word("initial_coefficients", initial_coefficients, Initial)
        check_range("gamma0", gamma0, 0, float("inf"), "()")
        values = jnp.ones(order + 1) if initial_coefficients == "ones" else jnp.eye(order + 1)[0]
        kind: dict[str, object] = {} if scale == "orthonormal" else {"scale": scale}
        kind |= {} if learnable else {"learnable": False}

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            width = 1 if shared else channels
            if coefficient_decomposition:
                theta: Coefficients = Decomposed(values, width, gamma0, dtype=dtype)
            else:
                theta = Free(values, width, dtype=dtype)
            return InBasis(basis(order, alpha, beta, dtype=dtype, **kind), theta)

        super().__init__(in_features, classes, make, **body)
