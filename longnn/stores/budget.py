"""Bits of each order that leave the least error of the output within a budget of bytes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from longnn.stores.rounding import BITS

SHARE = 0.25
"""Of the bytes in float32, which the default policy leaves."""


@dataclass(frozen=True)
class Calibration:
    """Squared errors of an output, and bytes, of each order at each number of bits.

    Attributes:
        errors: [K+1, 5] mean over nodes of the squared error of the output that the rounding of
            order k alone makes, at 16, 8, 4, 2 and 1 bit, divided by the mean square of the output.
        bytes: [5] of the terms of an order, ends of the levels included.
        plain: bytes of the terms of an order in float32.
        nodes: number of training nodes that were looked at.
    """

    errors: Float64[np.ndarray, "K1 5"]
    bytes: Int64[np.ndarray, "5"]
    plain: int
    nodes: int

    def choose(self, share: float = SHARE) -> tuple[int, ...]:
        """The bits of each order that leave the least sum of squared errors within a budget.

        Errors of different orders are taken to be independent, so that their squares add up. Of
        equal sums the one of fewest bytes is taken; the search is exact.

        Args:
            share: bytes that may be taken, as a share of those in float32, > 0.

        Raises:
            ValueError: if 1 bit for every order takes more.
        """
        budget = share * self.plain * len(self.errors)
        if not self.bytes[-1] * len(self.errors) <= budget:
            least = self.bytes[-1] / self.plain
            raise ValueError(
                f"1 bit takes {least:.4f} of the bytes in float32, more than share={share}; give "
                "a larger share"
            )
        return _least(self.errors, self.bytes, budget)

    def error(self, bits: tuple[int, ...]) -> float:
        """The root of the sum of squared errors that bits [K+1] leave, relative to the output."""
        columns = [BITS.index(b) for b in bits]
        return float(np.sqrt(self.errors[np.arange(len(self.errors)), columns].sum()))

    def share(self, bits: tuple[int, ...]) -> float:
        """The bytes that bits [K+1] take, relative to float32."""
        taken = sum(int(self.bytes[BITS.index(b)]) for b in bits)
        return taken / (self.plain * len(self.errors))


def _least(
    errors: Float64[np.ndarray, "K1 5"], sizes: Int64[np.ndarray, "5"], budget: float
) -> tuple[int, ...]:
    """Dynamic programming over the orders: the best choice of each number of bytes is kept, unless
    one of fewer is as good."""
    best: list[tuple[int, float, tuple[int, ...]]] = [(0, 0.0, ())]
    for row in errors:
        longer = sorted(
            (taken + int(size), error + float(more), (*bits, b))
            for taken, error, bits in best
            for size, more, b in zip(sizes, row, BITS, strict=True)
        )
        best, least = [], np.inf
        for candidate in longer:
            if candidate[0] <= budget and candidate[1] < least:
                best.append(candidate)
                least = candidate[1]
    return best[-1][2]
