"""Equinox: five spectral layers; each takes an operator as a function t -> S t, and x [N, F]."""

import equinox as eqx
import jax
import jax.numpy as jnp

from polybases import chebyshev, combine, exponent, jacobi, monomial, raw_exponent, weighted_sum


class ChebConv(eqx.Module):
    """sum_k T_k(-S) X W_k + b; -S is the Laplacian moved to [-1, 1]."""

    kernel: jax.Array
    bias: jax.Array

    def __init__(self, in_size: int, out_size: int, order: int, *, key: jax.Array) -> None:
        shape = (order + 1, in_size, out_size)
        self.kernel = jax.random.normal(key, shape) / in_size**0.5
        self.bias = jnp.zeros(out_size)

    def __call__(self, matvec, x: jax.Array) -> jax.Array:
        """Maps features [N, F] to [N, C]."""
        basis = chebyshev(len(self.kernel) - 1, "T", "standard")
        return combine(basis, lambda t: -matvec(t), x @ self.kernel) + self.bias


class SGConv(eqx.Module):
    """S^K X W + b, on a graph with self-loops."""

    linear: eqx.nn.Linear
    order: int = eqx.field(static=True)

    def __call__(self, matvec, x: jax.Array) -> jax.Array:
        """Maps features [N, F] to [N, C]."""
        smooth = jax.lax.fori_loop(0, self.order, lambda _, t: matvec(t), x)
        return jax.vmap(self.linear)(smooth)


class APPNP(eqx.Module):
    """X <- (1 - alpha) S X + alpha X_0, K times, on a graph with self-loops."""

    order: int = eqx.field(static=True, default=10)
    alpha: float = eqx.field(static=True, default=0.1)

    def __call__(self, matvec, x: jax.Array) -> jax.Array:
        """Filters signals [N, C]."""
        theta = self.alpha * (1 - self.alpha) ** jnp.arange(self.order + 1.0)
        theta = theta.at[-1].divide(self.alpha)
        return weighted_sum(monomial(self.order), theta[:, None, None], matvec, x)


class JacobiConv(eqx.Module):
    """sum_k theta_kc P_k(S) (X W + b)_c in the Jacobi polynomials of fixed alpha and beta."""

    linear: eqx.nn.Linear
    theta: jax.Array
    alpha: float = eqx.field(static=True, default=1.0)
    beta: float = eqx.field(static=True, default=1.0)

    def __call__(self, matvec, x: jax.Array) -> jax.Array:
        """Maps features [N, F] to [N, C]."""
        basis = jacobi(len(self.theta) - 1, self.alpha, self.beta, "standard")
        return weighted_sum(basis, self.theta[:, None], matvec, jax.vmap(self.linear)(x))


class LonConv(eqx.Module):
    """The same in the orthonormal polynomials, whose exponents alpha and beta are learned."""

    linear: eqx.nn.Linear
    theta: jax.Array
    alpha: jax.Array
    beta: jax.Array

    def __init__(self, in_size: int, out_size: int, order: int, *, key: jax.Array) -> None:
        self.linear = eqx.nn.Linear(in_size, out_size, key=key)
        self.theta = jnp.ones((order + 1, out_size))
        self.alpha = self.beta = raw_exponent(0.0)

    def __call__(self, matvec, x: jax.Array) -> jax.Array:
        """Maps features [N, F] to [N, C]."""
        basis = jacobi(len(self.theta) - 1, exponent(self.alpha), exponent(self.beta))
        return weighted_sum(basis, self.theta[:, None], matvec, jax.vmap(self.linear)(x))


def ring(x: jax.Array) -> jax.Array:
    """S x on a ring of nodes: the mean of both neighbours."""
    return (jnp.roll(x, 1, axis=0) + jnp.roll(x, -1, axis=0)) / 2


def main() -> dict[str, tuple[int, ...]]:
    """Applies each layer to signals on a ring, prints and returns the shapes."""
    key, x = jax.random.key(0), jnp.ones((12, 5))
    layers = {
        "ChebConv": ChebConv(5, 3, order=2, key=key),
        "SGConv": SGConv(eqx.nn.Linear(5, 3, key=key), order=2),
        "APPNP": APPNP(),
        "JacobiConv": JacobiConv(eqx.nn.Linear(5, 3, key=key), jnp.ones((5, 3))),
        "LonConv": LonConv(5, 3, order=4, key=key),
    }
    shapes = {name: eqx.filter_jit(layer)(ring, x).shape for name, layer in layers.items()}
    for name, shape in shapes.items():
        print(f"{name}: {x.shape} -> {shape}")
    return shapes


if __name__ == "__main__":
    main()
