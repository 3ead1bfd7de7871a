"""Errors of orthonormal Jacobi values and derivatives beside orthax and scipy: a Markdown table.

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
from benchmarks import polybases_chain
from benchmarks.exact import orthonormal_jacobi, slopes
from benchmarks.jacobi_samples import SPECIAL, near_minus_one, points, sample
from benchmarks.libraries import Values, by_orthax, by_scipy, compiled, ours

ORDERS = (10, 32, 64)
PAIRS, QUICK_PAIRS, POINTS = 500, 50, 50
NEAR, SLOPE_PAIRS, SLOPE_ORDER = 60, 100, 32
PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
HEADER = (
    "| K | dtype | library | inner | at (alpha, beta) | median | near -1 | ends | derivatives "
    "| NaN: values | NaN: gradients |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def errors(got: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """[pairs] max_k max_x |got - exact| / max_x |exact| of [pairs, K+1, points]; NaN stays."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(np.asarray(got, np.float64) - exact).max(-1)
    return (difference / np.abs(exact).max(-1)).max(-1)


def jax_values(function: Values, order: int, pairs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """[pairs, K+1, points]; orthax's degree comes last and is moved."""
    values = np.stack([np.asarray(compiled(function)(order, a, b, x)) for a, b in pairs])
    return np.moveaxis(values, -1, 1) if function is by_orthax else values


def jax_slopes(function: Values, order: int, pairs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """[pairs, 2 (K+1), points] derivatives in alpha, then in beta, by forward mode."""

    def both(alpha: Any, beta: Any) -> jax.Array:
        slopes = jax.jacfwd(lambda a, b: function(order, a, b, x), argnums=(0, 1))(alpha, beta)
        degree_first = [jnp.moveaxis(a, -1, 0) if function is by_orthax else a for a in slopes]
        return jnp.concatenate(degree_first)

    slopes_of = jax.jit(both)
    return np.stack([np.asarray(slopes_of(a, b)) for a, b in pairs])


def bad_gradients(function: Values, order: int, pairs: np.ndarray, x: np.ndarray) -> int:
    """Number of pairs whose reverse derivative in (alpha, beta) is not finite."""

    def total(order: int, alpha: Any, beta: Any, x: Any) -> jax.Array:
        return jnp.sum(function(order, alpha, beta, x))

    gradient = jax.jit(jax.grad(total, argnums=(1, 2)), static_argnums=0)
    return sum(not np.all(np.isfinite(gradient(order, a, b, x))) for a, b in pairs)


def row(
    order: int, name: str, library: str, pairs: np.ndarray, columns: dict[str, np.ndarray], bad: str
) -> str:
    """One line of the table; the errors are over the pairs without NaN.

    Args:
        order, name, library: what the line is about; the name is the dtype's.
        pairs: [P, 2].
        columns: errors "inner" [P], "near", "ends" [P] and, where there are any, "slopes".
        bad: the last cell.
    """
    inner = columns["inner"]
    finite = np.isfinite(inner)
    at = "-"
    if finite.any():
        alpha, beta = pairs[np.nanargmax(np.where(finite, inner, np.nan))]
        at = f"({alpha:.2f}, {beta:.2f})"
    cells = [order, name, library, _worst(inner), at]
    cells += [f"{np.median(inner[finite]):.1e}" if finite.any() else "-"]
    cells += [_worst(columns.get(key, np.zeros(0))) for key in ("near", "ends", "slopes")]
    return f"| {' | '.join(map(str, [*cells, (~finite).sum(), bad]))} |"


def _worst(error: np.ndarray) -> str:
    finite = error[np.isfinite(error)]
    return f"{finite.max():.1e}" if len(finite) else "-" if not len(error) else "none finite"


def table(
    orders: Sequence[int] = ORDERS, count: int = PAIRS, points_count: int = POINTS
) -> list[str]:
    """The lines below the header: for each order and dtype ours, orthax and scipy."""
    progress = Console(stderr=True)
    rows: dict[tuple[int, str], list[str]] = {}
    for name in ("float32", "float64"):
        pairs = np.concatenate([sample(count), near_minus_one(NEAR * count // PAIRS + 3)])
        pairs, x = pairs.astype(name), points(points_count).astype(name)
        steps = track(pairs, f"exact values, {name}", console=progress)
        exact = np.stack([orthonormal_jacobi(max(orders), a, b, x) for a, b in steps])
        steps = track(_of_slopes(pairs, count), f"exact derivatives, {name}", console=progress)
        slope_order = min(SLOPE_ORDER, max(orders))
        exact_slopes = np.stack([slopes(slope_order, a, b, x[1:-1]) for a, b in steps])
        # orthax takes float64 wherever x64 is on, so each dtype has its own setting
        with jax.enable_x64(name == "float64"):
            for order in track(orders, f"libraries, {name}", console=progress):
                of_order = exact[:, : order + 1], exact_slopes[:, :, : order + 1]
                rows[order, name] = _rows(order, name, pairs, x, count, of_order)
    return [
        line for order in orders for name in ("float32", "float64") for line in rows[order, name]
    ]


def _of_slopes(pairs: np.ndarray, count: int) -> np.ndarray:
    """The special pairs, the first random ones, and those near -1."""
    special = len(SPECIAL)
    return np.concatenate([pairs[: special + min(count, SLOPE_PAIRS)], pairs[special + count :]])


def _rows(
    order: int,
    name: str,
    pairs: np.ndarray,
    x: np.ndarray,
    count: int,
    exact: tuple[np.ndarray, np.ndarray],
) -> list[str]:
    lines = []
    anywhere = len(SPECIAL) + count
    for library, function in (("polybases", ours), ("orthax", by_orthax)):
        columns = _columns(jax_values(function, order, pairs, x), exact[0], anywhere)
        if order <= SLOPE_ORDER:
            got = jax_slopes(function, order, _of_slopes(pairs, count), x[1:-1])
            columns["slopes"] = errors(got, exact[1].reshape(len(got), -1, len(x) - 2))
        bad = str(bad_gradients(function, order, pairs[:anywhere], x))
        lines.append(row(order, name, library, pairs, columns, bad))
    values = np.stack([by_scipy(order, a, b, x) for a, b in pairs])
    columns = _columns(values, exact[0], anywhere)
    return [*lines, row(order, name, "scipy", pairs, columns, "-")]


def _columns(got: np.ndarray, exact: np.ndarray, anywhere: int) -> dict[str, np.ndarray]:
    inner = errors(got[..., 1:-1], exact[..., 1:-1])
    ends = [errors(got[..., i, None], exact[..., i, None]) for i in (0, -1)]
    return {"inner": inner[:anywhere], "near": inner[anywhere:], "ends": np.maximum(*ends)}


def page(count: int, command: str) -> str:
    """The whole page: what is measured, how, on what, and the table."""
    versions = ", ".join(f"{n} {version(n)}" for n in ("jax", "numpy", "orthax", "scipy", "mpmath"))
    return f"""# Accuracy of the Jacobi polynomials

Orthonormal values p_0 .. p_K against mpmath (50 digits, standard recurrence and norms of DLMF
18.9 and 18.3, at the inputs as rounded to the dtype), at {POINTS + 8} points x = cos(phi): phi
random in (0, pi), 0.01 to 0.08 from 0 and pi, and both ends. What each column holds:

- inner: the largest error over the points without x = 1 and -1, max over k of max_x |got - exact| /
  max_x |exact|, for {count} random (alpha, beta) in [-0.99, 10]^2, seed 0, and {len(SPECIAL)}
  special ones (alpha + beta in -1.5, -1, 0; asymmetric pairs in both orders); then the pair where
  it is, and the median over the pairs;
- near -1: the same for {NEAR * count // PAIRS + 3} pairs with one exponent or both in
  (-0.99, -0.8);
- ends: the largest relative error at x = 1 and -1 over all these pairs;
- derivatives: the largest error of d p_k / d alpha and d p_k / d beta at the inner points (forward
  mode), relative to the largest derivative of the degree, for the special pairs, the first
  {min(count, SLOPE_PAIRS)} random ones and those near -1; up to K = {SLOPE_ORDER};
- NaN: the number of the {count + len(SPECIAL)} pairs where an inner value, or the gradient of the
  sum of all values in alpha and beta (reverse mode), is not finite. Errors are over the others.

orthax: `orthvander` in its "normalized" scale; scipy: `eval_jacobi` over the norm from its
`gammaln`. scipy works in float64 whatever it is given, so its float32 rows are float64 values
rounded, and it has no gradients.

{HEADER}
{chr(10).join(table(count=count))}

Printed by `{command}`, on {os.cpu_count()} CPU cores, with Python
{platform.python_version()}, polybases {polybases.__version__}, {versions}.

{chain()}"""


def chain() -> str:
    """The section of operators."""
    rows = chr(10).join(polybases_chain.table())
    return f"""## Terms and filters on a chain graph

A path of {polybases_chain.NODES} nodes, K = {polybases_chain.ORDER}, float32 against eigenvectors
in float64: ||got - exact|| / ||exact||, for `expand` the worst over the terms. The off-diagonal of
the recurrence is once the product of DLMF 18.9.2 in float32 and once `polybases`'. An operator has
no nearer end, so `expand` and `longnn.filter` take the three-term form. The terms of `native` are
those of its single products, which scale by the degrees before and after the sum and so round more.

{polybases_chain.HEADER}
{rows}

Printed by `python -m benchmarks.polybases_chain` too.
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
