"""Flax Linen: learn a filter on a ring of nodes from an impulse and its filtered copy."""

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn

from polybases import exponent, jacobi, raw_exponent, weighted_sum


def ring(x: jax.Array) -> jax.Array:
    """S x: the mean of both neighbours; its eigenvalues are cos(frequency)."""
    return (jnp.roll(x, 1) + jnp.roll(x, -1)) / 2


class Filter(nn.Module):
    """x -> sum_k theta_k p_k(S) x with learnable theta, alpha and beta."""

    order: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Filters x."""
        alpha = exponent(self.param("alpha", lambda key: raw_exponent(0.0)))
        beta = exponent(self.param("beta", lambda key: raw_exponent(0.0)))
        theta = self.param("theta", nn.initializers.zeros, (self.order + 1,))
        return weighted_sum(jacobi(self.order, alpha, beta), theta, ring, x)


def main() -> tuple[float, float, float, float]:
    """Trains, prints, and returns the first and last loss, alpha and beta."""
    x = jnp.zeros(256).at[0].set(16)  # an impulse: every frequency alike
    eigenvalue = jnp.cos(2 * jnp.pi * jnp.fft.rfftfreq(256))
    y = jnp.fft.irfft(jnp.exp(-8 * (eigenvalue - 0.5) ** 2) * jnp.fft.rfft(x))  # a band-pass
    model = Filter(order=10)
    params = model.init(jax.random.key(0), x)
    optimizer = optax.adam(0.02)
    state = optimizer.init(params)

    def error(params):
        return jnp.mean((model.apply(params, x) - y) ** 2)

    @jax.jit
    def step(params, state):
        loss, gradient = jax.value_and_grad(error)(params)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(300):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    alpha, beta = (float(exponent(params["params"][name])) for name in ("alpha", "beta"))
    print(f"loss {losses[0]:.2e} -> {losses[-1]:.2e}, alpha {alpha:.3f}, beta {beta:.3f}")
    return losses[0], losses[-1], alpha, beta


if __name__ == "__main__":
    main()
