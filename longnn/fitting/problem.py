"""What a filter is fitted to, and how well it does: signals and targets on a graph, and errors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Real

from longnn.analysis.basis import Basis, host_terms
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix


@dataclass(frozen=True, eq=False)
class FitProblem:
    """P independent problems of C channels each: find g_pc with g_pc(L) x_pc close to y_pc.

    The loss of a channel is the squared error summed over the nodes that count.

    Attributes:
        graph: the graph of N nodes.
        signals: [N, P, C] finite signals, or [N, P, 1] where the channels share a signal.
        targets: [N, P, C] finite targets.
        mask: [N] True for the nodes that count; at least one.

    Raises:
        ValueError: if shapes disagree, a value is not finite, or no node counts.
    """

    graph: Graph
    signals: Real[np.ndarray, "N P c"]
    targets: Real[np.ndarray, "N P C"]
    mask: Bool[np.ndarray, " N"]

    def __post_init__(self) -> None:
        x, y, nodes = self.signals, self.targets, self.graph.num_nodes
        shared = x.ndim == 3 and y.ndim == 3 and x.shape in (y.shape, (*y.shape[:2], 1))
        if not shared or len(y) != nodes:
            raise ValueError(
                f"signals {x.shape} and targets {y.shape} must be [N, P, C] with N = {nodes}; "
                "signals may have one channel for all"
            )
        for name, values in (("signals", x), ("targets", y)):
            if not np.isfinite(values).all():
                raise ValueError(f"{name} hold {np.sum(~np.isfinite(values))} NaN or infinities")
        if self.mask.shape != (nodes,) or self.mask.dtype != bool or not self.mask.any():
            raise ValueError(
                f"mask must be bool [{nodes}] with a node that counts, got {self.mask.dtype} "
                f"{self.mask.shape} with {int(self.mask.sum())}"
            )

    @property
    def counted(self) -> Float64[np.ndarray, "M P C"]:
        """The targets on the M nodes that count."""
        return self.targets[self.mask].astype(np.float64)


def squared_errors(
    problem: FitProblem, basis: Basis, theta: Real[np.ndarray, "K1 P C"]
) -> Float64[np.ndarray, "P C"]:
    """Returns the sum over the nodes that count of (sum_k theta_k p_k(S) x - y)^2, in float64.

    Args:
        problem: P problems of C channels.
        basis: a basis of order K whose leaves broadcast against the signals [N, P, c].
        theta: [K+1, P, C] coefficients, taken as exact numbers.
    """
    s = shift_matrix(problem.graph)

    def product(t: np.ndarray) -> np.ndarray:
        return (s @ t.reshape(len(t), -1)).reshape(t.shape)

    terms = host_terms(basis, product, problem.signals.astype(np.float64))[:, problem.mask]
    found = sum(t * weights for t, weights in zip(terms, theta.astype(np.float64), strict=True))
    return np.square(found - problem.counted).sum(axis=0)


def r2(
    sse: Real[np.ndarray, "*channels"], targets: Real[np.ndarray, "M *channels"]
) -> Float64[np.ndarray, "*channels"]:
    """Returns R^2 = 1 - SSE / sum_i (y_i - mean y)^2; NaN where the target is constant.

    Args:
        sse: [...] squared errors.
        targets: [M, ...] targets on the nodes that count.
    """
    total = np.square(targets - targets.mean(axis=0)).sum(axis=0)
    return np.where(total > 0, 1 - sse / np.where(total > 0, total, 1), np.nan)
