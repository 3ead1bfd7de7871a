"""Equinox: learn a filter on a ring of nodes from an impulse and its filtered copy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from polybases import exponent, jacobi, raw_exponent, weighted_sum


def ring(x: jax.Array) -> jax.Array:
    """S x: the mean of both neighbours; its eigenvalues are cos(frequency)."""
    return (jnp.roll(x, 1) + jnp.roll(x, -1)) / 2


class Filter(eqx.Module):
    """x -> sum_k theta_k p_k(S) x with learnable theta, alpha and beta."""

    theta: jax.Array
    alpha: jax.Array
    beta: jax.Array

    def __init__(self, order: int) -> None:
        self.theta = jnp.zeros(order + 1)
        self.alpha = self.beta = raw_exponent(0.0)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Filters x."""
        basis = jacobi(len(self.theta) - 1, exponent(self.alpha), exponent(self.beta))
        return weighted_sum(basis, self.theta, ring, x)


def main() -> tuple[float, float, float, float]:
    """Trains, prints, and returns the first and last loss, alpha and beta."""
    x = jnp.zeros(256).at[0].set(16)  # an impulse: every frequency alike
    eigenvalue = jnp.cos(2 * jnp.pi * jnp.fft.rfftfreq(256))
    y = jnp.fft.irfft(jnp.exp(-8 * (eigenvalue - 0.5) ** 2) * jnp.fft.rfft(x))  # a band-pass
    model = Filter(order=10)
    optimizer = optax.adam(0.02)
    state = optimizer.init(model)

    @eqx.filter_jit
    def step(model, state):
        loss, gradient = eqx.filter_value_and_grad(lambda m: jnp.mean((m(x) - y) ** 2))(model)
        updates, state = optimizer.update(gradient, state)
        return eqx.apply_updates(model, updates), state, loss

    losses = []
    for _ in range(300):
        model, state, loss = step(model, state)
        losses.append(float(loss))
    alpha, beta = float(exponent(model.alpha)), float(exponent(model.beta))
    print(f"loss {losses[0]:.2e} -> {losses[-1]:.2e}, alpha {alpha:.3f}, beta {beta:.3f}")
    return losses[0], losses[-1], alpha, beta


if __name__ == "__main__":
    main()
