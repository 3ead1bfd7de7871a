"""Exact values and derivatives of orthonormal Jacobi polynomials at float32 numbers.

``python -m tests.polybases.golden`` writes golden.npz beside this file: mpmath at 50 digits, at
exactly the numbers in the file, rounded once to float64. No other test uses its seed.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.exact import orthonormal_jacobi, slopes

FILE = Path(__file__).with_name("golden.npz")
SEED = 20_261
DEGREES = (0, 1, 2, 5, 10, 20, 32, 48, 64)
SLOPE_DEGREES = (0, 1, 2, 5, 10, 20, 32)


class Golden(NamedTuple):
    """What the file holds.

    pairs [P, 2] and x [M] are float32, the last two points -1 and 1; values [P, len(DEGREES), M];
    slopes [P, 2, len(SLOPE_DEGREES), M], in alpha and in beta.
    """

    pairs: np.ndarray
    x: np.ndarray
    values: np.ndarray
    slopes: np.ndarray


def load() -> Golden:
    with np.load(FILE) as arrays:
        return Golden(**arrays)


def made() -> Golden:
    """Pairs anywhere in [-0.99, 10]^2, with one exponent in (-0.99, -0.8), and with both there."""
    rng = np.random.default_rng(SEED)
    pairs = rng.uniform(-0.99, 10, (60, 2))
    pairs[30:40, 0] = rng.uniform(-0.99, -0.8, 10)
    pairs[40:50, 1] = rng.uniform(-0.99, -0.8, 10)
    pairs[50:] = rng.uniform(-0.99, -0.8, (10, 2))
    pairs = pairs.astype(np.float32)
    close = 1 - 10 ** rng.uniform(-4, -2, 2)
    x = np.array([*rng.uniform(-1, 1, 12), *(close * [-1, 1]), -1, 1], np.float32)
    values = [orthonormal_jacobi(DEGREES[-1], a, b, x)[list(DEGREES)] for a, b in pairs]
    derivatives = [slopes(SLOPE_DEGREES[-1], a, b, x)[:, list(SLOPE_DEGREES)] for a, b in pairs]
    return Golden(pairs, x, np.stack(values), np.stack(derivatives))


if __name__ == "__main__":
    np.savez_compressed(FILE, **made()._asdict())
