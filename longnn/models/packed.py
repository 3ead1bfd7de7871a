"""Terms in few bits in the memory of the device, unpacked inside of the compiled program."""

from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Float32, Integer, UInt8

from longnn.graphs.device import on_device
from longnn.stores.packing import Tiles
from longnn.stores.term_files import PackedTerm
from longnn.stores.terms import StoredTerms


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PackedGroup:
    """Terms of n nodes in one block of columns that have the same number of bits.

    Attributes:
        codes: [m, n, bytes of a row].
        ends: [m, tiles below each other, tiles beside each other, 2] ends of the levels.
        orders: the m orders k.
        bits: of a number.
        tiles: which numbers have ends of their levels in common.
        columns: the first column, and the one behind the last.
    """

    codes: UInt8[Array, "m n B"]
    ends: Float32[Array, "m t g 2"]
    orders: tuple[int, ...] = field(metadata={"static": True})
    bits: int = field(metadata={"static": True})
    tiles: Tiles = field(metadata={"static": True})
    columns: tuple[int, int] = field(metadata={"static": True})

    def numbers(
        self, codes: UInt8[Array, "n B"], ends: Float32[Array, "t g 2"]
    ) -> Float32[Array, "n W"]:
        """What the codes of one term stand for."""
        down, across, _ = ends.shape
        rows, columns = self.tiles.rows, self.tiles.columns
        nodes, width = len(codes), self.columns[1] - self.columns[0]
        beyond = (0, down * rows - nodes), (0, across * columns - width)
        padded = jnp.pad(self._unpacked(codes, width), beyond)
        low, high = (ends[:, None, :, None, i] for i in (0, 1))
        part = padded.reshape(down, rows, across, columns).astype(jnp.float32)
        part = part / ((1 << self.bits) - 1)
        numbers = low * (1 - part) + high * part
        return numbers.reshape(down * rows, across * columns)[:nodes, :width]

    def _unpacked(self, codes: UInt8[Array, "n B"], width: int) -> Integer[Array, "n W"]:
        if self.bits == 16:
            pair = codes.reshape(len(codes), width, 2).astype(jnp.uint16)
            return pair[..., 0] | (pair[..., 1] << 8)
        if self.bits == 8:
            return codes
        shifts = jnp.arange(0, 8, self.bits, dtype=jnp.uint8)
        each = (codes[..., None] >> shifts) & ((1 << self.bits) - 1)
        return each.reshape(len(codes), codes.shape[1] * len(shifts))[:, :width]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Packed:
    """Terms q_k(S) X of n nodes in few bits, which take the place of an array [K+1, n, F].

    A sum over the terms unpacks one after the other, again in the backward pass, so that besides
    the codes few terms at a time are in memory.

    Attributes:
        groups: of each block of columns and number of bits.
        order: K.
    """

    groups: tuple[PackedGroup, ...]
    order: int = field(metadata={"static": True})

    @classmethod
    def of(cls, stored: StoredTerms) -> "Packed":
        """All terms of a folder that `longnn.stores.compress` has made.

        Raises:
            ValueError: if they are not in few bits.
            StoreError: if a block of them is damaged.
        """
        if stored.bits is None:
            raise ValueError(
                f"{stored.path} holds terms as they were computed; give what "
                "longnn.stores.compress makes of them, or stored.rows(0, stored.num_nodes)"
            )
        groups, left = [], 0
        for files, width in zip(stored.files, stored.widths, strict=True):
            for bits in sorted(set(stored.bits)):
                orders = tuple(k for k, b in enumerate(stored.bits) if b == bits)
                chosen = [file for k in orders if isinstance(file := files[k], PackedTerm)]
                groups.append(_group(chosen, orders, (left, left + width)))
            left += width
        return cls(tuple(groups), stored.order)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K+1, n, F)."""
        return self.order + 1, self.groups[0].codes.shape[1], self.groups[-1].columns[1]

    @property
    def dtype(self) -> jnp.dtype:
        """The data type of the numbers."""
        return jnp.dtype(jnp.float32)

    def combined(self, theta: Float[Array, " K1"]) -> Float[Array, "n F"]:
        """Returns sum_k theta_k q_k(S) X."""
        _, nodes, _ = self.shape
        blocks: dict[tuple[int, int], Array] = {}
        for group in self.groups:
            start, stop = group.columns
            total = blocks.get(group.columns, jnp.zeros((nodes, stop - start), theta.dtype))
            blocks[group.columns] = _sum(group, total, theta, lambda term, t: t * term)
        return jnp.concatenate(list(blocks.values()), axis=1)

    def projected(
        self,
        theta: Float[Array, "K1 H"],
        weight: Float[Array, "F H"],
        kept: Float[Array, "n F"] | None,
    ) -> Float[Array, "n H"]:
        """Returns sum_k theta_kh (q_k(S) X W)_h.

        Args:
            theta: [K+1, H] coefficients.
            weight: [F, H] matrix W.
            kept: [n, F] factors of X, or None.
        """
        total = jnp.zeros((self.shape[1], weight.shape[1]), weight.dtype)
        for group in self.groups:
            part = slice(*group.columns)
            factor = None if kept is None else kept[:, part]

            def added(
                term: Array, t: Array, w: Array = weight[part], factor: Array | None = factor
            ) -> Array:
                return t * ((term if factor is None else term * factor) @ w)

            total = _sum(group, total, theta, added)
        return total


def _sum(
    group: PackedGroup,
    total: Float[Array, "n _"],
    theta: Float[Array, "K1 ..."],
    added: Callable[[Array, Array], Array],
) -> Float[Array, "n _"]:
    """The total and what is added for each term of a group, in a loop over its terms."""

    @jax.checkpoint
    def one(codes: Array, ends: Array, coefficient: Array) -> Array:
        return added(group.numbers(codes, ends), coefficient)

    def step(before: Array, term: tuple[Array, Array, Array]) -> tuple[Array, None]:
        return before + one(*term), None

    chosen = group.codes, group.ends, theta[np.array(group.orders)]
    return jax.lax.scan(step, total, chosen)[0]


def _group(
    files: list[PackedTerm], orders: tuple[int, ...], columns: tuple[int, int]
) -> PackedGroup:
    codes, ends = (np.stack(arrays) for arrays in zip(*(f.content() for f in files), strict=True))
    of_all = orders, files[0].bits, files[0].tiles, columns
    return PackedGroup(on_device(codes), on_device(ends), *of_all)
