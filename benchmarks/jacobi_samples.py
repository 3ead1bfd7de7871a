"""Exponents and points at which the errors of Jacobi polynomials are measured."""

import numpy as np

SPECIAL = [
    (-0.5, -0.5), (-0.75, -0.25), (-0.25, -0.75),  # alpha + beta = -1
    (-0.75, -0.75), (-0.9, -0.6), (-0.6, -0.9),  # -1.5
    (0.0, 0.0), (0.5, -0.5), (-0.5, 0.5),  # 0
    (1.0, 0.0), (0.0, 1.0), (2.0, -0.25), (-0.25, 2.0),
    (-0.99, 3.0), (3.0, -0.99), (10.0, -0.5), (-0.5, 10.0),
]  # fmt: skip


def sample(count: int, seed: int = 0) -> np.ndarray:
    """[count + 17, 2] the special pairs, then random ones in [-0.99, 10]^2."""
    return np.array([*SPECIAL, *np.random.default_rng(seed).uniform(-0.99, 10, (count, 2))])


def near_minus_one(count: int, seed: int = 1) -> np.ndarray:
    """[count, 2] a third each with alpha, with beta and with both in (-0.99, -0.8)."""
    rng = np.random.default_rng(seed)
    pairs, low = rng.uniform(-0.99, 10, (count, 2)), rng.uniform(-0.99, -0.8, (count, 2))
    kind = np.arange(count) % 3
    return np.where(np.stack([kind != 1, kind != 0], 1), low, pairs)


def points(count: int) -> np.ndarray:
    """[count + 8] points of random angles, some close to the ends, the first and last at them.

    Equal steps in the angle would meet the zeros of some degree, and without points on the lobes
    at the ends, where a large exponent has all its large values, nothing large may be among them.
    """
    angles, close = (
        np.random.default_rng(2).uniform(0, np.pi, count - 2),
        0.01 * 2.0 ** np.arange(4),
    )
    return np.cos(np.sort([0, *close, *angles, *(np.pi - close), np.pi]))
