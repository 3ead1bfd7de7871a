"""Solve u''' + u' = cos(2x) on [-1, 1], u(0) = u'(0) = u''(0) = 0, by its residual alone."""

import jax
import jax.numpy as jnp

from polybases import evaluate, legendre

jax.config.update("jax_enable_x64", True)
ORDER = 14
BASIS = legendre(ORDER)


def u(theta: jax.Array, x: jax.Array) -> jax.Array:
    """A series in Legendre polynomials at one point."""
    return theta @ evaluate(BASIS, x)


def residuals(theta: jax.Array, x: jax.Array) -> jax.Array:
    """Of the equation at the points x, and of the three conditions at 0."""
    first, second = jax.grad(u, 1), jax.grad(jax.grad(u, 1), 1)
    third = jax.grad(second, 1)
    inside = jax.vmap(lambda t: third(theta, t) + first(theta, t) - jnp.cos(2 * t))(x)
    return jnp.append(inside, jnp.array([f(theta, 0.0) for f in (u, first, second)]))


def main() -> float:
    """Solves by one Gauss-Newton step, and returns the largest error."""
    x = jnp.cos(jnp.pi * (jnp.arange(40) + 0.5) / 40)
    zero = jnp.zeros(ORDER + 1)
    jacobian = jax.jit(jax.jacfwd(residuals))(zero, x)
    theta = jnp.linalg.lstsq(jacobian, -residuals(zero, x))[0]
    exact = jnp.sin(x) / 3 - jnp.sin(2 * x) / 6
    error = float(jnp.abs(jax.vmap(lambda t: u(theta, t))(x) - exact).max())
    print(f"largest error {error:.1e}")
    return error


if __name__ == "__main__":
    main()
