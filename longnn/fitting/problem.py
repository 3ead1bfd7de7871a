"""What a filter is fitted to: signals and targets on the nodes of a graph."""

from dataclasses import dataclass

import numpy as np

from longnn.graphs.graph import Graph


@dataclass(frozen=True, eq=False)
class FitProblem:
    """P independent problems of C channels: find g_pc with g_pc(L) x_pc close to y_pc.

    The loss of a channel is the squared error summed over the nodes that count.

    Attributes:
        graph: N nodes.
        signals: [N, P, C], or [N, P, 1] where the channels share a signal; finite.
        targets: [N, P, C] finite.
        mask: [N] bool, the nodes that count; at least one.

    Raises:
        ValueError: if shapes disagree, a value is not finite or no node counts.
    """

    graph: Graph
    signals: np.ndarray
    targets: np.ndarray
    mask: np.ndarray

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
    def counted(self) -> np.ndarray:
        """[M, P, C] float64 targets on the nodes that count."""
        return self.targets[self.mask].astype(np.float64)
