"""Plain JAX and optax: fit a response on [-1, 1] in a learnable orthonormal Jacobi basis."""

import jax
import jax.numpy as jnp
import optax

from polybases import evaluate, exponent, jacobi, raw_exponent

ORDER, STEPS = 12, 400


def target(x: jax.Array) -> jax.Array:
    """A narrow band around x = 0.4."""
    return jnp.exp(-20 * (x - 0.4) ** 2)


def response(params: dict, x: jax.Array) -> jax.Array:
    """g(x) = sum_k theta_k p_k(x), orthonormal under (1-x)^alpha (1+x)^beta."""
    basis = jacobi(ORDER, exponent(params["alpha"]), exponent(params["beta"]))
    return params["theta"] @ evaluate(basis, x)


def main() -> tuple[float, float, float, float]:
    """Trains, prints, and returns the first and last loss, alpha and beta."""
    x = jnp.linspace(-1, 1, 201)
    zero = raw_exponent(0.0)  # alpha = beta = 0: Legendre, to begin with
    params = {"alpha": zero, "beta": zero, "theta": jnp.zeros(ORDER + 1)}
    optimizer = optax.adam(0.02)
    state = optimizer.init(params)

    def loss(params):
        return jnp.mean((response(params, x) - target(x)) ** 2)

    @jax.jit
    def step(params, state):
        value, gradient = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, value

    losses = []
    for _ in range(STEPS):
        params, state, value = step(params, state)
        losses.append(float(value))
    alpha, beta = float(exponent(params["alpha"])), float(exponent(params["beta"]))
    print(f"loss {losses[0]:.2e} -> {losses[-1]:.2e}, alpha {alpha:.3f}, beta {beta:.3f}")
    return losses[0], losses[-1], alpha, beta


if __name__ == "__main__":
    main()
