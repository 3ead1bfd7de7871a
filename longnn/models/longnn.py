"""LON-GNN: a spectral GNN whose orthonormal Jacobi basis is learned (arXiv 2303.13750)."""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.dropout import Key, split_key
from longnn.dropout import dropout as drop
from longnn.features import Features
from longnn.filters import filter as spectral_filter
from longnn.models.mlp import MLP, Linear
from longnn.models.model import Setting, check_range
from longnn.operators import Operator
from polybases import evaluate
from polybases.modules import Jacobi


class LonGNN(nnx.Module):
    """Z_c = sum_k theta_kc p_k(S) H_c with p_k orthonormal under (1-x)^alpha (1+x)^beta.

    H is the embedding of the features, and the coefficients come from a polynomial coefficient
    decomposition (PCD, arXiv 2205.11172, eq. 12): theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i).
    Deviations from the published code: dropout is off at evaluation, alpha and beta stay above -1
    by parametrisation, eta has no dead last entry. Optimizer groups: mlp, eta, w, basis.

    Args:
        in_features: F.
        classes: C.
        order: K >= 1; K+1 terms.
        hidden: width of the MLP.
        alpha: initial exponent at x = 1 (low frequencies), > -1.
        beta: initial exponent at x = -1 (high frequencies), > -1.
        gamma0: scale of the PCD factors, > 0; eta starts at min(1/gamma0, 1).
        dropout: rate inside the embedding, in [0, 1).
        dpr_con: rate on H before the filter, in [0, 1).
        embedding: "mlp" or "linear".
        basis: (order, alpha, beta, dtype=...) -> module whose call gives a Recurrence.
        dtype: of the parameters.

    Raises:
        ValueError: for a setting outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        order: int = 10,
        hidden: int = 64,
        alpha: ArrayLike = 0.0,
        beta: ArrayLike = 0.0,
        gamma0: ArrayLike = 1.0,
        dropout: ArrayLike = 0.5,
        dpr_con: ArrayLike = 0.5,
        embedding: Literal["mlp", "linear"] = "mlp",
        basis: Callable[..., nnx.Module] = Jacobi,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if isinstance(order, bool) or not isinstance(order, int) or order < 1:
            raise ValueError(f"order (the highest degree K) must be an integer >= 1, got {order!r}")
        check_range("gamma0", gamma0, 0, float("inf"), closed=False)
        check_range("dpr_con", dpr_con, 0, 1, closed=True)
        if embedding == "mlp":
            self.embedding: MLP | Linear = MLP(
                in_features, classes, hidden=hidden, dropout=dropout, dtype=dtype, rngs=rngs
            )
        elif embedding == "linear":
            self.embedding = Linear(in_features, classes, dropout=dropout, dtype=dtype, rngs=rngs)
        else:
            raise ValueError(f"unknown embedding {embedding!r}; choose 'mlp' or 'linear'")
        self.basis = basis(order, alpha, beta, dtype=dtype)
        self.gamma0 = Setting(jnp.asarray(gamma0, dtype))
        self.dpr_con = Setting(jnp.asarray(dpr_con, dtype))
        eta = jnp.full(order, jnp.minimum(1 / self.gamma0[...], 1), dtype)
        self.eta = nnx.Param(eta, group="eta")
        self.w = nnx.Param(jnp.ones((order + 1, classes), dtype), group="w")

    def theta(self) -> Array:
        """[K+1, C] coefficients in the current basis."""
        factors = jnp.cumprod(self.gamma0[...] * jnp.tanh(self.eta[...]))
        return self.w[...] * jnp.concatenate([jnp.ones_like(factors[:1]), factors])[:, None]

    def response(self, x: Array) -> Array:
        """g_c(x) at x = 1 - lambda in [-1, 1]: [...] -> [..., C]."""
        return jnp.einsum("k...,kc->...c", evaluate(self.basis(), x), self.theta())

    def scalars(self) -> dict[str, Array]:
        """The learned alpha and beta, where the basis has them."""
        names = ("alpha", "beta")
        return {n: getattr(self.basis, n) for n in names if hasattr(self.basis, n)}

    def __call__(self, operator: Operator, features: Features, key: Key | None = None) -> Array:
        """Log-probabilities [N, C]; dropout is on exactly where a key is given."""
        inner, outer = split_key(key, 2)
        h = drop(self.embedding.embed(features, inner), self.dpr_con[...], outer)
        z = spectral_filter(operator, self.basis(), self.theta(), h)
        return jax.nn.log_softmax(z)
