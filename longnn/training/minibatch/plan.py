"""Which training nodes each mini-batch holds, in every epoch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

PIECES = 16
"""Pieces of consecutive nodes that are in memory together, where not all nodes fit."""

Nodes = Int64[np.ndarray, " n"]


@dataclass(frozen=True)
class Group:
    """Nodes whose terms are in memory together.

    Attributes:
        nodes: [g] ascending.
        batches: the nodes of each mini-batch, shuffled; together they are the nodes of the group.
    """

    nodes: Nodes
    batches: list[Nodes]


@dataclass(frozen=True)
class Plan:
    """The order of the training nodes, which depends on the seed and the epoch alone.

    Where the terms of all of them fit into memory, they are shuffled freely. Else pieces of
    consecutive nodes come in random order, and nodes are shuffled among the pieces that are in
    memory together.

    Attributes:
        nodes: [n] the training nodes, ascending.
        batch: the most nodes of a mini-batch.
        piece: nodes of a piece; n where all are in memory.
        together: how many pieces are in memory at once.
        seed: of the order.
    """

    nodes: Nodes
    batch: int
    piece: int
    together: int
    seed: int

    @property
    def in_memory(self) -> bool:
        """Whether the terms of all training nodes are in memory."""
        return self.piece >= len(self.nodes)

    @property
    def size(self) -> int:
        """Rows of a mini-batch as it is compiled; smaller ones are filled up."""
        count = len(self.nodes)
        return -(-count // -(-count // self.batch)) if self.in_memory else self.batch

    def epoch(self, number: int) -> list[Group]:
        """The groups of an epoch, in the order in which they are read.

        Args:
            number: of the epoch, from 0.
        """
        rng = np.random.default_rng([self.seed, number])
        pieces = rng.permutation(-(-len(self.nodes) // self.piece))
        starts = range(0, len(pieces), self.together)
        return [self._group(np.sort(pieces[at : at + self.together]), rng) for at in starts]

    def _group(self, pieces: Nodes, rng: np.random.Generator) -> Group:
        parts = [self.nodes[p * self.piece : (p + 1) * self.piece] for p in pieces]
        nodes = np.concatenate(parts)
        # of equal sizes, so that none is so small that its gradient is mostly chance
        batches = np.array_split(rng.permutation(nodes), -(-len(nodes) // self.batch))
        return Group(nodes, batches)


def plan_of(nodes: Nodes, batch: int, each: int, memory: float, seed: int) -> Plan:
    """The plan for training nodes whose terms may take so much memory.

    Args:
        nodes: [n] the training nodes, ascending.
        batch: the most nodes of a mini-batch, >= 1.
        each: bytes of the terms of one node.
        memory: bytes for the terms that are held.
        seed: of the order.

    Raises:
        MemoryError: if not even one mini-batch fits.

    Example:
        >>> plan = plan_of(np.arange(6), batch=4, each=100, memory=1000.0, seed=0)
        >>> plan.in_memory, plan.size, [len(b) for g in plan.epoch(0) for b in g.batches]
        (True, 3, [3, 3])
    """
    count = len(nodes)
    if count * each <= memory:
        return Plan(nodes, min(batch, count), count, 1, seed)
    fitting = int(memory // each)
    if fitting < min(batch, count):
        raise MemoryError(
            f"a mini-batch of {batch:,} nodes has terms of {batch * each / 1e9:.3g} GB, but only "
            f"{memory / 1e9:.3g} GB are for terms; lower batch_nodes, or raise memory_gb"
        )
    piece = max(fitting // PIECES, 1)
    return Plan(nodes, batch, piece, fitting // piece, seed)
