"""Which rows each device needs of the others: the plan of an exchange, made on the host."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Exchange:
    """What P devices with n rows each send each other before a product.

    The devices send in rounds. In the round of offset d, device p sends to device p + d (mod P), if
    that one needs something of it.

    Attributes:
        senders: for each round a [P, s] array of int32 with the local rows that each device sends;
            device q sends the first of its array as often as is left.
        pairs: for each round the pairs (sender, receiver) of devices.
    """

    senders: tuple[Int[np.ndarray, "P s"], ...]
    pairs: tuple[Pairs, ...]

    @property
    def received(self) -> int:
        """The number of rows h that a device receives."""
        return sum(rows.shape[1] for rows in self.senders)


def exchange_of(
    block: Int[np.ndarray, " far"], row: Int[np.ndarray, " far"], count: int, size: int
) -> tuple[Exchange, Int[np.ndarray, " far"]]:
    """The exchange that gives every device the rows that its entries read.

    Args:
        block: a [far] array with the device that each entry belongs to.
        row: a [far] array with the row that it reads, in [0, P n), of another device.
        count: the number of devices P.
        size: the number of rows n of each.

    Returns:
        The exchange, and a [far] array with the place of the row of each entry among those that its
        device receives, in [0, h).
    """
    needed, entry = np.unique(block * (count * size) + row, return_inverse=True)
    to, (of, local) = needed // (count * size), np.divmod(needed % (count * size), size)
    senders, pairs, place, base = [], [], np.empty(len(needed), np.int64), 0
    for offset in range(1, count):
        mine = np.flatnonzero((to - of) % count == offset)
        if not len(mine):
            continue
        # ``needed`` is sorted by receiver, and in a round a receiver has one sender
        sizes = np.bincount(to[mine], minlength=count)
        rank = np.arange(len(mine)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        sent = np.zeros((count, sizes.max()), np.int32)
        sent[of[mine], rank] = local[mine]
        place[mine] = base + rank
        base += sizes.max()
        senders.append(sent)
        receivers = np.flatnonzero(sizes)
        pairs.append(tuple((int(to - offset) % count, int(to)) for to in receivers))
    return Exchange(tuple(senders), tuple(pairs)), place[entry]
