"""S near some nodes alone, whose rows shrink with each step of a filter."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from longnn.graphs.balls import Ball, loops_added
from longnn.graphs.device import on_device
from longnn.graphs.graph import check_signal
from longnn.graphs.scaling import degree_power
from longnn.operators.choice import choose
from longnn.operators.csr import CsrRows
from longnn.operators.native.rows import NativeRows, native_rows
from longnn.operators.normalized import SegmentOperator
from longnn.operators.products import sum_rows
from polybases import Recurrence

_ONE_WAY = "only filters of the nodes that were asked for are computed here, not their derivatives"


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NearOperator:
    """A filter of S at the nodes of a ball's middle, exact, from the rows that it needs alone.

    A filter of order K at some nodes needs p_k(S) x at the nodes within K - k edges of them: the
    nodes of a ball are numbered by distance, so that each step takes fewer of the first rows. A
    filter of a lower order than the ball has hops is computed at as many nodes as this allows, so
    that a further filter may follow. The other rows of the result are 0. Sizes are rounded up (see
    `padded_size`), so that one program serves many balls. It is made for evaluation: there are no
    derivatives.

    Attributes:
        rows: pattern of the entries in the ball, on M nodes.
        values: [e] entries of S, by rows.
        within, ends: [hops + 1] number of nodes within so many edges, and of their entries.
    """

    rows: CsrRows | NativeRows
    values: Float[Array, " e"]
    within: Int[Array, " hops1"]
    ends: Int[Array, " hops1"]
    of_reals: ClassVar[bool] = True

    def matvec(self, x: Float[Array, "M *channels"]) -> Float[Array, "M *channels"]:
        """x [M, ...] -> S x [M, ...], right in every row but those of the outermost nodes."""
        check_signal(x, self.rows.shape[0])
        return self._product(x, self.ends[-2] if len(self.ends) > 1 else self.ends[0])

    def filter_sum(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "M *channels"],
    ) -> Float[Array, "M *channels"]:
        """sum_k theta_k p_k(S) x at the nodes within hops - K edges, 0 in the other rows.

        Raises:
            ValueError: if the order is above the number of hops.
        """
        hops, order = len(self.within) - 1, recurrence.order
        if order > hops:
            raise ValueError(
                f"a filter of order {order} reads {order} hops, but this ball has {hops}; ask for "
                "a larger one"
            )
        first, diagonal, upper, lower = recurrence[:4]

        def step(carry: Any, coefficients: Any) -> tuple[Any, None]:
            total, current, previous = carry
            weight, d, u, low, within, end = coefficients
            following = (self._product(current, end) - d * current - low * previous) / u
            following = self._first(following, within)
            return (total + weight * following, following, current), None

        start = first * x
        carry = (theta[0] * start, start, jnp.zeros_like(x))
        near = [size[hops - order : hops][::-1] for size in (self.within, self.ends)]
        total, *_ = jax.lax.scan(step, carry, (theta[1:], diagonal, upper, lower, *near))[0]
        return self._first(total, self.within[hops - order])

    def filter_adjoint(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "M *channels"],
        g: Float[Array, "M *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "M *channels"]]:
        """Refuses.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(_ONE_WAY)

    def lanczos_sum(
        self, theta: Float[Array, "terms *channels"], x: Float[Array, "M *channels"]
    ) -> Float[Array, "M *channels"]:
        """Refuses: Lanczos vectors depend on the whole graph.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Lanczos vectors depend on the whole graph; give its operator")

    def lanczos_adjoint(
        self,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "M *channels"],
        g: Float[Array, "M *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "M *channels"]]:
        """Refuses.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(_ONE_WAY)

    def _product(self, x: Array, end: Array) -> Array:
        """S x by the first entries alone; rows without one are 0, or never read."""
        rows = replace(self.rows, start=jnp.minimum(self.rows.start, end))
        product = sum_rows(rows, self.values.astype(x.dtype), x.reshape(len(x), -1))
        return product.reshape(x.shape)

    def _first(self, x: Array, count: Array) -> Array:
        """The first rows of x, 0 in the others."""
        inside = jnp.arange(len(x)) < count
        return jnp.where(inside.reshape(-1, *(1,) * (x.ndim - 1)), x, 0)


def padded_size(size: int) -> int:
    """The next number at which operators and features of a ball are made, above ``size``.

    It is a power of 2 up to 2^16; above, at most an eighth is added.

    Example:
        >>> [padded_size(size) for size in (3, 64, 2210, 100_000)]
        [64, 128, 4096, 114688]
    """
    grain = max(64, 1 << size.bit_length() if size < 1 << 16 else 1 << (size.bit_length() - 3))
    return (size // grain + 1) * grain


def near_operator(
    ball: Ball, dtype: DTypeLike = jnp.float32, self_loops: float = 0.0, exponent: float = 0.5
) -> NearOperator:
    """S, or D^-r A D^(r-1), near the nodes in the middle of a ball.

    Args:
        ball: of as many hops as the orders of the filters together.
        dtype: of the entries.
        self_loops: weight of a loop that every node has beside the graph's edges, >= 0.
        exponent: r in [0, 1]; 1/2 is S.

    Returns:
        An operator on `padded_size` nodes, of which those of the ball are the first.
    """
    senders, receivers, values = _entries(ball, self_loops, exponent)
    size, entries = padded_size(len(ball.nodes)), padded_size(len(senders))
    within = np.array(ball.within)
    ends = np.searchsorted(receivers, within)
    ends[-1] = ends[-2] if len(ends) > 1 else 0
    columns = np.zeros(entries, np.int32)
    columns[: len(senders)] = senders
    padded = np.zeros(entries)
    padded[: len(values)] = values
    return NearOperator(
        _pattern(receivers, columns, size),
        on_device(padded, dtype),
        on_device(within, np.int32),
        on_device(ends, np.int32),
    )


def ball_operator(
    ball: Ball, dtype: DTypeLike = jnp.float32, self_loops: float = 0.0, exponent: float = 0.5
) -> SegmentOperator:
    """The same on every node of a ball, for models that read the edges; arguments as above.

    What is wrong at the outermost nodes reaches the middle after as many products as there are
    hops, and no sooner.
    """
    senders, receivers, values = _entries(ball, self_loops, exponent)
    arrays = (on_device(senders, np.int32), on_device(receivers, np.int32))
    return SegmentOperator(*arrays, on_device(values, dtype), len(ball.nodes))


def _pattern(receivers: np.ndarray, columns: np.ndarray, size: int) -> CsrRows | NativeRows:
    """Rows of ``size`` nodes; columns [e] go on after the entries, so that shapes are few."""
    if choose("auto") == "native":
        short = native_rows(receivers, columns[: len(receivers)], (size, size))
        ahead = np.zeros(len(columns) + len(short.columns) - len(receivers), np.int32)
        ahead[: len(columns)] = columns
        return replace(short, columns=on_device(ahead, np.int32))
    start = np.searchsorted(receivers, np.arange(size + 1))
    return CsrRows(on_device(start, np.int32), on_device(columns, np.int32), (size, size))


def _entries(
    ball: Ball, self_loops: float, exponent: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Senders, receivers and values, by rows."""
    degree = ball.degrees + self_loops
    left, right = degree_power(degree, -exponent), degree_power(degree, exponent - 1)
    senders, receivers, weights = loops_added(ball, self_loops)
    return senders, receivers, weights * left[receivers] * right[senders]
