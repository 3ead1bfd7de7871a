"""How many runs go together: as many as are fast, and as the memory holds."""

import math
from collections.abc import Callable

import jax
from jax import Array

from longnn.training.batch import Batch
from longnn.training.loop import Member, RunState

MEMORY_GB = 4.0
"""The memory that training may take unless told otherwise."""

CACHED = 80e6
"""Bytes that a batch on a CPU should not exceed much: beyond, runs push each other out of the
caches."""

FEW = 16
"""Runs that always go together on a CPU, as each operation has a fixed cost; if memory allows."""

COMPILATION = 25e9
"""Work that is worth a compilation of some four seconds, twice over: an epoch touches about 3 GB/s
of its program's memory on two cores."""


def caches_count() -> bool:
    """Whether fewer runs at a time are faster, since their program then fits into the caches."""
    return jax.default_backend() == "cpu"


def batch_size(
    batch: Batch,
    length: int,
    memory: float,
    compiled: Callable[[Batch, RunState, Member, int], jax.stages.Compiled],
) -> int:
    """How many runs of a batch go together, equally many on each device.

    Args:
        batch: B runs.
        length: the number of epochs of a chunk.
        memory: the bytes that the compiled program may need on a device.
        compiled: gives the program for a batch, states, members and a length.

    Raises:
        MemoryError: if one run alone needs more than ``memory``.
    """
    runs, cached = of_device(batch), caches_count()
    shared = sum(map(_bytes_here, jax.tree.leaves(batch.problem)))

    def program(size: int) -> jax.stages.Compiled:
        return compiled(batch, *batch.shapes(size * batch.spread.count), length)

    size = first_size(batch) // batch.spread.count
    needed = bytes_of(program(size))
    each = max(needed - shared, 1) / size
    wanted = max(int(CACHED / each), FEW) if cached else runs
    if needed > memory or min(wanted, runs) > 2 * size:
        fitting = int((memory - shared) / each)
        if fitting < 1:
            raise MemoryError(
                f"one run needs about {(shared + each) / 1e9:.3g} GB ({shared / 1e9:.3g} GB of "
                f"them graph and features), but memory_gb allows {memory / 1e9:.3g}; raise "
                "memory_gb, or lower the model's hidden size or order"
            )
        size = _equal(runs, min(wanted, fitting))
        program(size)
    return size * batch.spread.count


def _bytes_here(leaf: Array) -> int:
    """The bytes of an array that one of its devices holds."""
    return math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize


def first_size(batch: Batch) -> int:
    """How many runs of a batch go together unless their memory says otherwise."""
    runs = of_device(batch)
    return batch.spread.count * (_equal(runs, FEW) if caches_count() else runs)


def of_device(batch: Batch) -> int:
    """The number of runs of a batch that a device trains, at most."""
    return -(-len(batch.runs) // batch.spread.count)


def _equal(runs: int, most: int) -> int:
    """Size of the fewest equal batches of at most ``most`` runs."""
    batches = -(-runs // max(most, 1))
    return -(-runs // batches)


def bytes_of(step: jax.stages.Compiled) -> float:
    """The peak memory of a compiled program in bytes; 0 where the platform does not tell."""
    stats = step.memory_analysis()
    if stats is None:
        return 0
    parts = stats.temp_size_in_bytes + stats.argument_size_in_bytes + stats.output_size_in_bytes
    return parts - stats.alias_size_in_bytes


def worthwhile(share: float, work: float) -> bool:
    """Whether a smaller program pays its compilation.

    Judged by size, not by the clock: sums are rounded in another order in the smaller program, and
    a run that is repeated shall give the same numbers.

    Args:
        share: of the work that the smaller program saves.
        work: that may be left, bytes of the program times epochs.
    """
    return share * work > COMPILATION
