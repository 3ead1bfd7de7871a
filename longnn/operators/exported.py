"""Products for programs that leave the process (``jax.export``), where no foreign kernel may be.

The rules of ``longnn.operators.linear`` are lowered again for export, with :func:`exporting` true;
what would call a kernel then gathers and sums.
"""

from contextlib import AbstractContextManager

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

_EXPORTING = jax.make_user_context(default_value=False)  # jax keeps no trace of one for the other


def exporting() -> bool:
    """Whether the program that is traced now is for ``jax.export``."""
    return _EXPORTING.value


def for_export() -> AbstractContextManager[None]:
    """Inside it, :func:`exporting` is true."""
    return _EXPORTING(True)


def portable_product(
    start: Int[Array, " starts"],
    columns: Int[Array, " entries"],
    values: Float[Array, " entries"] | None,
    x: Float[Array, "M W"],
) -> Float[Array, "rows W"]:
    """The product of a matrix in compressed rows with x, in operations of jax alone.

    Args:
        start: [rows + 1] first entry of each row, then the number of entries.
        columns: of each entry; one past the last column is a row of zeros.
        values: of each entry, or None where all are 1.
        x: [M, W].
    """
    count = len(start) - 1
    rows = jnp.repeat(jnp.arange(count), jnp.diff(start), total_repeat_length=len(columns))
    taken = x.at[columns].get(mode="fill", fill_value=0)
    entries = taken if values is None else values[:, None] * taken
    return jax.ops.segment_sum(entries, rows, count, indices_are_sorted=True)
