"""Error of orthonormal Jacobi values, and NaN, beside orthax and scipy: a Markdown table.

python -m benchmarks.polybases_accuracy [--quick] [--write]
"""

import argparse
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import track

import polybases
from benchmarks.exact import orthonormal_jacobi
from benchmarks.libraries import Values, by_orthax, by_scipy, compiled, ours

ORDERS = (10, 32, 128)
PAIRS, QUICK_PAIRS, POINTS = 500, 50, 21
PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
SPECIAL = [
    (-0.5, -0.5), (-0.75, -0.25), (-0.25, -0.75),  # alpha + beta = -1
    (-0.75, -0.75), (-0.9, -0.6), (-0.6, -0.9),  # -1.5
    (0.0, 0.0), (0.5, -0.5), (-0.5, 0.5),  # 0
    (1.0, 0.0), (0.0, 1.0), (2.0, -0.25), (-0.25, 2.0),
    (-0.99, 3.0), (3.0, -0.99), (10.0, -0.5), (-0.5, 10.0),
]  # fmt: skip
HEADER = (
    "| K | dtype | library | worst error | at (alpha, beta) | median error "
    "| NaN: values | NaN: gradients |\n|---|---|---|---|---|---|---|---|"
)


def sample(count: int, seed: int = 0) -> np.ndarray:
    """[count + 17, 2] the special pairs, then random ones in [-0.99, 10]^2."""
    return np.array([*SPECIAL, *np.random.default_rng(seed).uniform(-0.99, 10, (count, 2))])


def points(count: int = POINTS) -> np.ndarray:
    """[count] Chebyshev points, both ends included."""
    return np.cos(np.pi * np.arange(count) / (count - 1))


def errors(got: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """[pairs] max_k max_x |got - exact| / max_x |exact| of [pairs, K+1, points]; NaN stays."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(np.asarray(got, np.float64) - exact).max(-1)
    return (difference / np.abs(exact).max(-1)).max(-1)


def jax_values(function: Values, order: int, pairs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """[pairs, K+1, points]; orthax's degree comes last and is moved."""
    values = np.stack([np.asarray(compiled(function)(order, a, b, x)) for a, b in pairs])
    return np.moveaxis(values, -1, 1) if function is by_orthax else values


def bad_gradients(function: Values, order: int, pairs: np.ndarray, x: np.ndarray) -> int:
    """Number of pairs whose reverse derivative in (alpha, beta) is not finite."""

    def total(order: int, alpha: Any, beta: Any, x: Any) -> jax.Array:
        return jnp.sum(function(order, alpha, beta, x))

    gradient = jax.jit(jax.grad(total, argnums=(1, 2)), static_argnums=0)
    return sum(not np.all(np.isfinite(gradient(order, a, b, x))) for a, b in pairs)


def row(order: int, name: str, library: str, pairs: np.ndarray, error: np.ndarray, bad: str) -> str:
    """One line of the table; the errors are over the pairs without NaN."""
    finite = np.isfinite(error)
    if not finite.any():
        return f"| {order} | {name} | {library} | none finite | | | {(~finite).sum()} | {bad} |"
    alpha, beta = pairs[np.nanargmax(np.where(finite, error, np.nan))]
    return (
        f"| {order} | {name} | {library} | {error[finite].max():.1e} | ({alpha:.2f}, {beta:.2f}) "
        f"| {np.median(error[finite]):.1e} | {(~finite).sum()} | {bad} |"
    )


def table(
    orders: Sequence[int] = ORDERS, count: int = PAIRS, points_count: int = POINTS
) -> list[str]:
    """The lines below the header: for each order and dtype ours, orthax and scipy."""
    progress = Console(stderr=True)
    rows: dict[tuple[int, str], list[str]] = {}
    for name in ("float32", "float64"):
        pairs, x = sample(count).astype(name), points(points_count).astype(name)
        steps = track(pairs, f"exact values, {name}", console=progress)
        exact = np.stack([orthonormal_jacobi(max(orders), a, b, x) for a, b in steps])
        # orthax takes float64 wherever x64 is on, so each dtype has its own setting
        with jax.enable_x64(name == "float64"):
            for order in track(orders, f"libraries, {name}", console=progress):
                rows[order, name] = _rows(order, name, pairs, x, exact[:, : order + 1])
    return [
        line for order in orders for name in ("float32", "float64") for line in rows[order, name]
    ]


def _rows(order: int, name: str, pairs: np.ndarray, x: np.ndarray, exact: np.ndarray) -> list[str]:
    lines = []
    for library, function in (("polybases", ours), ("orthax", by_orthax)):
        error = errors(jax_values(function, order, pairs, x), exact)
        bad = str(bad_gradients(function, order, pairs, x))
        lines.append(row(order, name, library, pairs, error, bad))
    values = np.stack([by_scipy(order, a, b, x) for a, b in pairs])
    return [*lines, row(order, name, "scipy", pairs, errors(values, exact), "-")]


def page(count: int, command: str) -> str:
    """The whole page: what is measured, how, on what, and the table."""
    versions = ", ".join(f"{n} {version(n)}" for n in ("jax", "numpy", "orthax", "scipy", "mpmath"))
    return f"""# Accuracy of the Jacobi polynomials

Orthonormal values p_0 .. p_K against mpmath (50 digits, standard recurrence and norms of DLMF
18.9 and 18.3, at the inputs as rounded to the dtype). Error: max over k of
max_x |got - exact| / max_x |exact|. Pairs: {count} random (alpha, beta) in [-0.99, 10]^2, seed 0,
and {len(SPECIAL)} special ones (alpha + beta in -1.5, -1, 0; asymmetric pairs in both orders); x:
{POINTS} Chebyshev points, the ends included. NaN columns: number of the {count + len(SPECIAL)}
pairs where a value, or the gradient of the sum of all values in alpha and beta (reverse mode), is
not finite; errors are over the other pairs. orthax: `orthvander` in its "normalized" scale;
scipy: `eval_jacobi` over the norm from its `gammaln`; scipy works in float64 whatever it is given,
so its float32 rows are float64 values rounded, and it has no gradients.

{HEADER}
{chr(10).join(table(count=count))}

Printed by `{command}`, on {os.cpu_count()} CPU cores, with Python
{platform.python_version()}, polybases {polybases.__version__}, {versions}.
"""


def main() -> None:
    """Prints the page, and writes it with --write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS} random pairs")
    parser.add_argument("--write", action="store_true", help="also write docs/accuracy.md")
    chosen = parser.parse_args()
    if chosen.quick and chosen.write:
        parser.error("--write keeps the full table: leave --quick out")
    command = f"python -m benchmarks.polybases_accuracy{' --quick' * chosen.quick}"
    text = page(QUICK_PAIRS if chosen.quick else PAIRS, command)
    print(text, end="")
    if chosen.write:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
