"""What a training in mini-batches works on, and what a node weighs in the loss of each run."""

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Bool, Float64

from longnn.data.labels import kind_of
from longnn.graphs.device import on_device
from longnn.models.propagated import Propagated
from longnn.stores.terms import StoredTerms
from longnn.training.batch import Batch
from longnn.training.minibatch.plan import Group, Nodes, Plan, plan_of
from longnn.training.minibatch.step import Part
from polybases import Recurrence

TERMS_SHARE = 0.5
"""The share of the memory that is for terms; the rest is for the compiled programs."""


@dataclass(frozen=True)
class Work:
    """Runs, and the nodes that they are trained and evaluated on.

    Attributes:
        batch: B runs, whose masks are those of the nodes in ``seen``.
        terms: on the disk.
        labels: [N, ...] of all nodes, on the host.
        train: [S, n] the training nodes of each split, of those in ``plan``.
        plan: the order of the training nodes.
        seen: [m] ascending, the nodes that are evaluated after each epoch.
        held: whether their terms are in memory, too.
        room: bytes for a compiled program.
    """

    batch: Batch
    terms: StoredTerms
    labels: np.ndarray
    train: Bool[np.ndarray, "S n"]
    plan: Plan
    seen: Nodes
    held: bool
    room: float

    @property
    def dtype(self) -> np.dtype:
        """The type of the arithmetic."""
        return np.dtype(self.batch.builder.dtype)

    def masks(self, nodes: Nodes) -> Bool[np.ndarray, "B m"]:
        """Which of some training nodes each run is trained on."""
        split = [run.split for run in self.batch.runs]
        return self.train[:, np.searchsorted(self.plan.nodes, nodes)][split]

    def weights(self, nodes: Nodes) -> Float64[np.ndarray, " B"]:
        """What training nodes weigh together in the mean that is the loss of each run."""
        masks, labels = self.masks(nodes), self.labels[nodes]
        of_class = self.batch.members.options.get("class_weights")
        if of_class is not None:
            each = np.asarray(of_class, np.float64)[:, np.where(labels < 0, 0, labels)]
            return np.where(masks, each, 0).sum(axis=1)
        if kind_of(self.batch.metric) == "multilabel":
            return (masks * (labels >= 0).sum(axis=1)).sum(axis=1).astype(np.float64)
        return masks.sum(axis=1).astype(np.float64)

    def shares(self, groups: list[Group]) -> Float64[np.ndarray, "M B"]:
        """The factor of the loss of each mini-batch of an epoch.

        (its weight) / (the weight of all) * (the number of mini-batches that weigh anything), so
        that the mean over these is the loss of the full batch at fixed parameters.
        """
        weight = np.stack([self.weights(nodes) for group in groups for nodes in group.batches])
        return weight / weight.sum(axis=0) * (weight > 0).sum(axis=0)


def work_of(
    batch: Batch, terms: StoredTerms, labels: np.ndarray, batch_nodes: int, memory: float, seed: int
) -> Work:
    """What a batch of runs is trained on.

    Args:
        batch: B runs, with masks [B, N].
        terms: stored ones.
        labels: [N, ...].
        batch_nodes: the most nodes of a mini-batch.
        memory: bytes.
        seed: of the order of the nodes.

    Raises:
        MemoryError: if not even the terms of one mini-batch fit.
    """
    part = batch.splits
    watched = batch.program.options.watched
    looks = watched is not None and watched.metric is not None and watched.part == "train"
    nodes = np.flatnonzero(part.train.any(axis=0))
    seen = np.flatnonzero((part.val | part.train if looks else part.val).any(axis=0))
    each = (terms.order + 1) * terms.features * batch.builder.dtype.itemsize
    room = TERMS_SHARE * memory
    plan = plan_of(nodes, batch_nodes, each, room, seed)
    held = (len(nodes) + len(seen)) * each <= room
    members = batch.members
    members = members._replace(train=members.train[:, seen], val=members.val[:, seen])
    return Work(
        replace(batch, members=members),
        terms,
        labels,
        part.train[:, nodes],
        plan,
        seen,
        held,
        memory - room,
    )


def part_shapes(work: Work) -> Part:
    """The shapes of a mini-batch.

    Args:
        work: whose mini-batches they are.
    """
    size, runs, order = work.plan.size, len(work.batch.runs), work.terms.order
    of = jax.ShapeDtypeStruct
    leaves = (of((), work.dtype), *[of((order,), work.dtype)] * 3)
    terms = of((order + 1, size, work.terms.features), work.dtype)
    labels = of((size, *work.labels.shape[1:]), on_device(work.labels[:0]).dtype)
    return Part(
        Propagated(terms, Recurrence(*leaves)),  # type: ignore[arg-type]  # shapes alone
        of((size,), np.int32),  # type: ignore[arg-type]
        labels,  # type: ignore[arg-type]
        of((runs, size), bool),  # type: ignore[arg-type]
        of((runs,), work.dtype),  # type: ignore[arg-type]
        of((), np.int32),  # type: ignore[arg-type]
    )
