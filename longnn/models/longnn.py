"""LON-GNN: a spectral GNN whose orthonormal Jacobi basis is learned (arXiv 2303.13750)."""

from collections.abc import Callable
from typing import Any, Literal, Unpack

import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_word
from longnn.models.coefficients import Decomposed, Free
from longnn.models.series import InBasis
from longnn.models.spectral import Body, Spectral
from polybases.modules import Jacobi
from polybases.scales import Scale

Initial = Literal["ones", "identity"]


class LonGNN(Spectral):
    """Z_c = sum_k theta_kc p_k(S) H_c with p_k orthonormal under (1-x)^alpha (1+x)^beta.

    H is the embedding of the features; where the filter sits is a setting
    (:class:`longnn.models.Spectral`). Deviations from the published code: dropout is off at
    evaluation, alpha and beta stay above -1 by parametrisation, eta has no dead last entry.
    Optimizer groups: mlp, decomposition (eta), coefficients (w), basis.

    Its ablations are settings: ``learnable=False``, ``scale="monic"`` or ``"standard"``,
    ``coefficient_decomposition=False``, ``shared=True``, and ``decay`` of
    :class:`longnn.training.Optim`.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1; K+1 terms.
        alpha: initial exponent at x = 1 (low frequencies), > -1.
        beta: initial exponent at x = -1 (high frequencies), > -1.
        gamma0: scale of the PCD factors, > 0.
        coefficient_decomposition: whether theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i), the
            polynomial coefficient decomposition (PCD, arXiv 2205.11172, eq. 12), or w_kc itself.
        initial_coefficients: what w starts with: "ones" as published, or "identity",
            (1, 0, ..., 0), whose filter is a multiple of the identity.
        shared: whether all channels have the same coefficients.
        scale: of the polynomials, "orthonormal", "monic" or "standard".
        learnable: whether alpha and beta are parameters.
        basis: (order, alpha, beta, dtype=...) -> module whose call gives a Recurrence; where scale
            or learnable are not the default, they are passed on by name.
        body: settings of :class:`longnn.models.Spectral`.

    Raises:
        ValueError: for a setting outside its range.
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
        basis: Callable[..., Any] = Jacobi,
        **body: Unpack[Body],
    ):
        check_count("order (the highest degree K)", order)
        check_word("initial_coefficients", initial_coefficients, Initial)
        values = jnp.ones(order + 1) if initial_coefficients == "ones" else jnp.eye(order + 1)[0]
        kind: dict[str, Any] = {} if scale == "orthonormal" else {"scale": scale}
        kind |= {} if learnable else {"learnable": False}

        def make(channels: int, dtype: DTypeLike) -> InBasis:
            width = 1 if shared else channels
            if coefficient_decomposition:
                theta: Any = Decomposed(values, width, gamma0, dtype=dtype)
            else:
                theta = Free(values, width, dtype=dtype)
            return InBasis(basis(order, alpha, beta, dtype=dtype, **kind), theta)

        super().__init__(in_features, classes, make, **body)
