"""S near some nodes alone, whose rows shrink with each step of a filter."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from longnn.graphs.balls import Ball
from longnn.graphs.device import on_device
from longnn.graphs.graph import check_signal
from longnn.graphs.scaling import degree_power
from longnn.operators.normalized import SegmentOperator
from longnn.operators.transforms import static
from polybases import Recurrence

_ONE_WAY = "only filters of the nodes that were asked for are computed here, not their derivatives"


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NearOperator:
    """A filter of S at the nodes of a ball's middle, exact, from the rows that it needs alone.

    A filter of order K at some nodes needs p_k(S) x at the nodes within K - k edges of them: the
    nodes of a ball are numbered by distance, so that each step takes fewer of the first rows. A
    filter of a lower order than the ball has hops is computed at as many nodes as this allows, so
    that a further filter may follow. The other rows of the result are 0. It is made for
    evaluation: there are no derivatives.

    Attributes:
        senders, receivers, values: [e] entries of S in the ball, by rows.
        within, entries: see `longnn.graphs.balls.Ball`.
    """

    senders: Int[Array, " e"]
    receivers: Int[Array, " e"]
    values: Float[Array, " e"]
    within: tuple[int, ...] = static()
    entries: tuple[int, ...] = static()
    of_reals: ClassVar[bool] = True

    def matvec(self, x: Float[Array, "M *channels"]) -> Float[Array, "M *channels"]:
        """x [M, ...] -> S x [M, ...], right in every row but those of the outermost nodes."""
        check_signal(x, self.within[-1])
        return self._product(x, len(self.within) - 2)

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
        hops = len(self.within) - 1
        if recurrence.order > hops:
            raise ValueError(
                f"a filter of order {recurrence.order} reads {recurrence.order} hops, but this "
                f"ball has {hops}; ask for a larger one"
            )
        middle = self.within[hops - recurrence.order]
        first, diagonal, upper, lower = recurrence[:4]
        current, previous = first * x, jnp.zeros_like(x)
        total = theta[0] * current[:middle]
        for k in range(recurrence.order):
            rows = self.within[hops - k - 1]
            product = self._product(current, hops - k - 1)[:rows]
            following = (
                product - diagonal[k] * current[:rows] - lower[k] * previous[:rows]
            ) / upper[k]
            previous, current = current, following
            total += theta[k + 1] * current[:middle]
        return jnp.zeros_like(x).at[:middle].set(total)

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

    def _product(self, x: Float[Array, "rows *channels"], hop: int) -> Array:
        """Rows of S x of the nodes within so many edges; all others are 0."""
        entries, rows = self.entries[hop], self.within[hop]
        values = self.values[:entries].reshape(-1, *(1,) * (x.ndim - 1)).astype(x.dtype)
        gathered = values * x.at[self.senders[:entries]].get(mode="promise_in_bounds")
        summed = jax.ops.segment_sum(
            gathered, self.receivers[:entries], rows, indices_are_sorted=True
        )
        return jnp.zeros_like(x).at[:rows].set(summed) if rows < len(x) else summed


def near_operator(
    ball: Ball, dtype: DTypeLike = jnp.float32, self_loops: float = 0.0, exponent: float = 0.5
) -> NearOperator:
    """S, or D^-r A D^(r-1), near the nodes in the middle of a ball.

    Args:
        ball: of as many hops as the orders of the filters together.
        dtype: of the entries.
        self_loops: weight of a loop that every node has beside the graph's edges, >= 0.
        exponent: r in [0, 1]; 1/2 is S.
    """
    senders, receivers, values = _entries(ball, self_loops, exponent)
    ends = np.searchsorted(receivers, ball.within)
    entries = (*(int(end) for end in ends[:-1]), 0)
    arrays = (on_device(senders, np.int32), on_device(receivers, np.int32))
    return NearOperator(*arrays, on_device(values, dtype), ball.within, entries)


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


def _entries(
    ball: Ball, self_loops: float, exponent: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Senders, receivers and values, by rows."""
    degree = ball.degrees + self_loops
    left, right = degree_power(degree, -exponent), degree_power(degree, exponent - 1)
    weights = np.ones(len(ball.senders)) if ball.weights is None else ball.weights
    senders, receivers = ball.senders, ball.receivers
    if self_loops:
        loops = senders == receivers
        weights = weights + self_loops * loops  # a loop that is there grows
        rows = ball.within[-2] if len(ball.within) > 1 else 0
        node = np.setdiff1d(np.arange(rows), receivers[loops], assume_unique=True)
        senders, receivers = np.concatenate([senders, node]), np.concatenate([receivers, node])
        weights = np.concatenate([weights, np.full(len(node), self_loops)])
        order = np.argsort(receivers, kind="stable")
        senders, receivers, weights = senders[order], receivers[order], weights[order]
    return senders, receivers, weights * left[receivers] * right[senders]
