"""A sweep in one launch a step, by a Pallas kernel for Triton: a prototype, run by no GPU so far.

Tested with ``interpret=True`` on a CPU, compiled for an H100 by ``benchmarks.launches``; on a GPU
``pytest -m device`` tests it and ``python -m benchmarks.gpu --part pallas`` times it.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

from longnn.filters.panels import into_panels, joined
from longnn.operators.choice import WRITTEN_OUT
from longnn.operators.normalized import SegmentOperator
from longnn.operators.transforms import static
from polybases import Recurrence


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PallasRows:
    """S by rows, each summed by one program in the order of its entries; ``Adding``.

    Attributes:
        starts: [N+1] where each row begins.
        columns, values: [2E] of S.
        interpret: whether the kernel runs as jax operations, on any device.
        entries, lanes: a power of 2 each, of a row and of columns that are loaded at once.
        written_out: see ``longnn.filters.added``.
    """

    starts: Array
    columns: Array
    values: Array
    interpret: bool = static(default=False)
    entries: int = static(default=16)
    lanes: int = static(default=32)
    written_out: int = static(default=WRITTEN_OUT)

    def matvec(self, x: Array) -> Array:
        """x [N, W] -> S x [N, W], without derivatives."""
        return self.step(0, jnp.ones((1, 1, x.shape[1]), x.dtype), x)

    def add_product(self, total: Array, x: Array, factor: Array) -> Array:
        """total + S x diag(factor)."""
        return self.step(0, jnp.stack([factor, jnp.ones_like(factor)])[None], x, total)

    def step(self, k: int, coefficients: Array, x: Array, *addends: Array) -> Array:
        """S x diag(c_k0) + sum_i a_i diag(c_ki) in one launch, the same to the last bit each time.

        Args:
            k: which step.
            coefficients: [K, terms, W] of all steps.
            x, addends: [N, W], as many as there are terms.
        """
        lanes = min(self.lanes, pl.next_power_of_2(x.shape[1]))
        call = pl.pallas_call(
            partial(_row, entries=self.entries, lanes=lanes),
            out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
            grid=(len(x), pl.cdiv(x.shape[1], lanes)),
            compiler_params=triton.CompilerParams(num_warps=1),
            interpret=self.interpret,
        )
        # k as an array, so that all steps share a kernel; a slice c_k would be a launch of its own
        at, values = jnp.full(1, k, jnp.int32), self.values.astype(x.dtype)
        return call(self.starts, self.columns, values, at, coefficients, x, *addends)


def _row(starts, columns, values, at, coefficients, x, *rest, entries, lanes):
    """One row of some columns."""
    *addends, out = rest
    row, k = pl.program_id(0), at[0]
    lane = pl.program_id(1) * lanes + jnp.arange(lanes, dtype=jnp.int32)
    inside = lane < x.shape[1]
    begin, end = starts[row], starts[row + 1]

    def coefficient(i: int) -> Array:
        return triton.load(coefficients.at[k, i, lane], mask=inside, other=0)

    def add(i: Any, total: Array) -> Array:
        entry = begin + i * entries + jnp.arange(entries, dtype=jnp.int32)
        there = entry < end
        column = triton.load(columns.at[entry], mask=there, other=0)
        value = triton.load(values.at[entry], mask=there, other=0)
        place, mask = (column[:, None], lane[None, :]), there[:, None] & inside[None, :]
        return total + value[:, None] * triton.load(x.at[place], mask=mask, other=0)

    turns = (end - begin + entries - 1) // entries
    neighbours = jax.lax.fori_loop(np.int32(0), turns, add, jnp.zeros((entries, lanes), x.dtype))
    total = coefficient(0) * jnp.sum(neighbours, axis=0)
    for i, array in enumerate(addends, 1):
        total += coefficient(i) * triton.load(array.at[row, lane], mask=inside, other=0)
    triton.store(out.at[row, lane], total, mask=inside)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PallasSweeps:
    """Filters in one launch a step, ``Sweeping``; a backward sweep keeps its K + 1 terms."""

    rows: PallasRows
    written_out: int = static(default=WRITTEN_OUT)

    def matvec(self, x: Array) -> Array:
        """x [N, W] -> S x [N, W], without derivatives."""
        return self.rows.matvec(x)

    def filter_sum(self, recurrence: Recurrence, theta: Array, x: Array) -> Array:
        """sum_k theta_k p_k(S) x by Clenshaw's algorithm."""
        ((recurrence, weights, (signal,)),) = into_panels(self, recurrence, theta, x)
        first, diagonal, upper, lower, *_ = recurrence
        following = jnp.roll(lower / upper, -1, axis=0)
        steps = jnp.stack([1 / upper, first * weights[:-1], -diagonal / upper, -following], axis=1)
        y = [first * weights[-1] * signal]  # and, after the first step, the one before it
        for k in reversed(range(recurrence.order)):
            y = [self.rows.step(k, steps, y[0], signal, *y), y[0]]
        return joined(y[:1], x.shape)

    def filter_adjoint(
        self, recurrence: Recurrence, theta: Array, x: Array, g: Array
    ) -> tuple[Array, Array]:
        """(dtheta, dx) by the sweep Q_k = p_k(S) g."""
        ((recurrence, weights, (signal, q)),) = into_panels(self, recurrence, theta, x, g)
        first, diagonal, upper, lower, *_ = recurrence
        steps = jnp.stack([1 / upper, -diagonal / upper, -lower / upper], axis=1)
        terms = [first * q]
        for k in range(recurrence.order):
            terms.append(self.rows.step(k, steps, terms[k], terms[k], *terms[max(k - 1, 0) : k]))
        Q = jnp.stack(terms)
        dtheta, dx = jnp.sum(signal * Q, axis=1), jnp.sum(weights[:, None] * Q, axis=0)
        return joined([dtheta], theta.shape), joined([dx], x.shape)

    def lanczos_sum(self, theta: Array, x: Array) -> Array:
        """Not written."""
        raise NotImplementedError("this prototype has filters in polynomials only")

    lanczos_adjoint = lanczos_sum


def pallas_rows(operator: SegmentOperator, **settings: Any) -> PallasRows:
    """The same S, of whose settings see :class:`PallasRows`."""
    nodes = np.arange(operator.num_nodes + 1)
    starts = jnp.asarray(np.searchsorted(np.asarray(operator.receivers), nodes), jnp.int32)
    return PallasRows(starts, operator.senders, operator.values, **settings)
