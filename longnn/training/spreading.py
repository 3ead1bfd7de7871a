"""The runs of a batch over several devices: an axis ``runs`` of a mesh, which nothing crosses.

Each device holds the whole graph and its share of the runs, and trains them as one device would.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from longnn.graphs.device import on_device, on_every_device, over_devices
from longnn.operators.sharded import NODES
from longnn.training.program import Member

RUNS = PartitionSpec("runs")
"""Leaves [B, ...] of which each device has its part."""

CURVES = PartitionSpec(None, "runs")
"""Likewise [length, B]."""

RUNS_AND_NODES = PartitionSpec("runs", NODES)
"""Likewise [B, N], where the nodes are spread, too."""

SHARED = PartitionSpec()
"""Leaves of which each device has all."""


@dataclass(frozen=True)
class Spread:
    """Where the runs of a batch are; static, so that it is a part of what is compiled.

    Attributes:
        mesh: with the axis "runs", and "nodes" where the nodes are spread, too; None: one device,
            the default one.
    """

    mesh: Mesh | None = None

    @property
    def count(self) -> int:
        """The number of parts that the runs fall into."""
        return 1 if self.mesh is None else self.mesh.shape["runs"]

    @property
    def by_nodes(self) -> bool:
        """Whether the nodes are spread, too, over another axis of the mesh."""
        return self.mesh is not None and NODES in self.mesh.shape

    def mapped(self, function: Callable[..., Any], given: Any, made: Any) -> Callable[..., Any]:
        """A function of runs as that of all devices, each with its own runs.

        Args:
            function: of leaves [b, ...], for any number of runs b.
            given: what each argument is, :data:`RUNS` or :data:`SHARED`.
            made: likewise of the results.
        """
        if self.mesh is None:
            return function
        # manual: a kernel of another language says nothing of how it could be split, so that jit
        # alone would gather all runs on each device
        return jax.shard_map(
            function,
            mesh=self.mesh,
            in_specs=given,
            out_specs=made,
            axis_names={"runs"},
            check_vma=False,
        )

    def shape(self, leaf: Any, spec: PartitionSpec) -> jax.ShapeDtypeStruct:
        """The shape of an array, of the host too, or of a shape, on all devices."""
        sharding = None if self.mesh is None else NamedSharding(self.mesh, spec)
        # of 64 bits where jax knows them: a later jax warns of others
        dtype = jax.dtypes.canonicalize_dtype(leaf.dtype, allow_extended_dtype=True)
        return jax.ShapeDtypeStruct(leaf.shape, dtype, sharding=sharding)

    def shapes(self, tree: Any) -> Any:
        """The shapes of leaves [B, ...], where each device has its part."""
        return jax.tree.map(self.shape, tree, self.specs(tree))

    def specs(self, tree: Any) -> Any:
        """Which part of leaves [B, ...] each device has: its runs, and of masks its nodes."""

        def of(part: Any) -> Any:
            specs = jax.tree.map(lambda _: RUNS, part)
            masks = isinstance(part, Member) and self.by_nodes
            return specs._replace(train=RUNS_AND_NODES, val=RUNS_AND_NODES) if masks else specs

        return jax.tree.map(of, tree, is_leaf=lambda part: isinstance(part, Member))

    def put(self, tree: Any, spec: PartitionSpec = RUNS) -> Any:
        """Arrays of the host, which are equal in all processes, on the devices.

        Args:
            tree: leaves [B, ...], where B is a multiple of :attr:`count`.
            spec: whether each device gets its part, or all.
        """
        mesh = self.mesh
        if mesh is None:
            return jax.tree.map(on_device, tree)
        specs = self.specs(tree) if spec == RUNS else jax.tree.map(lambda _: spec, tree)

        def leaf(value: Any, spec: PartitionSpec) -> Array:
            return over_devices(np.asarray(value), NamedSharding(mesh, spec))

        return jax.tree.map(leaf, tree, specs)

    def shared(self, tree: Any) -> Any:
        """Arrays of one device on every device."""
        lies_there = self.mesh is None or self.by_nodes
        return tree if lies_there else self.put(tree, SHARED)

    def kept(self, tree: Any) -> Any:
        """Inside a compiled function: says of its results that each device has its runs."""
        if self.mesh is None:
            return tree
        shardings = jax.tree.map(partial(NamedSharding, self.mesh), self.specs(tree))
        return jax.lax.with_sharding_constraint(tree, shardings)

    def held(self, tree: Any) -> Any:
        """The same where nodes are spread, too, and the compiler would choose."""
        return self.kept(tree) if self.by_nodes else tree

    def fetched(self, tree: Any) -> Any:
        """The arrays of all devices as arrays of the host, in every process.

        Args:
            tree: leaves are arrays of numbers; of random keys their data.
        """
        if self.mesh is not None and self.mesh.is_multi_process:
            tree = on_every_device(tree, self.mesh)
        return jax.tree.map(np.asarray, tree)


ONE = Spread()
"""One device."""
