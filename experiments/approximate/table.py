"""The table of a finished fit."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table


def show(result: dict[str, Any]) -> None:
    """Prints the table of each basis, and how long the parts of the fit took."""
    # without a terminal lines are not broken: they go into a file or through grep
    console = Console() if sys.stdout.isatty() else Console(width=200)
    for basis, rows in result["bases"].items():
        console.print(heading(result, basis))
        console.print(table_of(result, basis, rows))
    spent = ", ".join(f"{name} {value:.2f}" for name, value in result["seconds"].items())
    console.print(f"seconds: {spent}")


def heading(result: dict[str, Any], basis: str) -> str:
    """Returns the line above a table: what was fitted."""
    config = result["config"]
    return (
        f"{config['solver']}, {basis}, K = {config['order']}: {result['signals']} signals of "
        f"{result['data']}, squared errors summed over {result['counted']:,} nodes"
    )


def table_of(result: dict[str, Any], basis: str, rows: list[dict[str, Any]]) -> Table:
    """Returns a table with a row for each filter: its errors, their optimum, and the cost."""
    by_gradients = result["config"]["solver"] != "lstsq"
    filled = Table("filter", box=None)
    columns = ["mean SSE", "optimum", "R2", "optimum R2", "worst ratio (signal)"]
    columns += ["epochs", "to 1 %: median", "worst", "alpha", "beta"] if by_gradients else []
    for name in (*columns, "seconds"):
        filled.add_column(name, justify="right")
    for row in rows:
        cells = [f"{row['sse']:.6g}", f"{row['optimum']:.6g}", _r2(row["r2"])]
        ratio = row["worst_ratio"]
        cells += [_r2(row["optimum_r2"])]
        cells += ["-" if ratio is None else f"{ratio:.6f} ({row['worst_signal']})"]
        if by_gradients:
            cells += [f"{row['epochs']:,}", *map(_epoch, row["epochs_to_1pct"])]
            learned = basis == "jacobi"
            cells += [f"{row[name]:.3f}" if learned else "" for name in ("alpha", "beta")]
        together = row["seconds"] is None
        filled.add_row(row["filter"], *cells, "together" if together else f"{row['seconds']:.1f}")
    return filled


def _r2(value: float | None) -> str:
    return "-" if value is None else f"{value:.8f}"


def _epoch(value: int | None) -> str:
    return "never" if value is None else f"{value:,}"
