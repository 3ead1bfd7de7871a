"""Splits of the nodes into train, validation and test, checked when they are made."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Int8, Integer

from longnn.graphs.numbers import first_true

TRAIN = 0
"""Number of the training part in ``Splits.part``."""

VAL = 1
"""Number of the validation part."""

TEST = 2
"""Number of the test part."""

UNUSED = -1
"""What ``Splits.part`` holds for a node that is in no part."""

PARTS: Mapping[str, int] = MappingProxyType({"train": TRAIN, "val": VAL, "test": TEST})
"""Name of each part and its number in ``Splits.part``."""


@dataclass(frozen=True, eq=False)
class Splits:
    """S splits of N nodes.

    Attributes:
        protocol: how they were made; results of different protocols are not comparable.
        part: [S, N] the part of each node in each split: 0 train, 1 validation, 2 test, -1 in no
            part. Integers of every type are taken, and stored as int8.

    Raises:
        ValueError: if the shape or a value is wrong, or a part of some split has no node.

    Example:
        >>> Splits("mine", np.array([[0, 0, 1, 2, -1]])).train.sum()
        np.int64(2)
    """

    protocol: str
    part: Int8[np.ndarray, "S N"]
    unit: ClassVar[str] = "node"  # what is split

    def __post_init__(self) -> None:
        part = np.asarray(self.part)
        if part.ndim != 2 or part.shape[0] == 0 or not np.issubdtype(part.dtype, np.integer):
            raise ValueError(
                f"splits of protocol {self.protocol!r} need an integer array part [S, N] with "
                f"S >= 1, got {part.dtype} of shape {part.shape}; use part[None] for one split"
            )
        _check_values(self.protocol, part, self.unit)
        _check_parts_present(self.protocol, part, self.unit)
        object.__setattr__(self, "part", part.astype(np.int8))

    @property
    def hash(self) -> str:
        """The sha256 of the index sets alone: equal sets have equal hashes under any name."""
        shape = np.array(self.part.shape, dtype="<i8").tobytes()
        return hashlib.sha256(shape + self.part.tobytes()).hexdigest()

    @property
    def train(self) -> Bool[np.ndarray, "S N"]:
        """Which nodes each split trains on."""
        return self.part == TRAIN

    @property
    def val(self) -> Bool[np.ndarray, "S N"]:
        """Which nodes each split validates on."""
        return self.part == VAL

    @property
    def test(self) -> Bool[np.ndarray, "S N"]:
        """Which nodes each split tests on."""
        return self.part == TEST

    def __repr__(self) -> str:
        count, nodes = self.part.shape
        sizes = (getattr(self, name).sum(axis=1) for name in PARTS)
        shown = ("-".join(dict.fromkeys([f"{size.min()}", f"{size.max()}"])) for size in sizes)
        parts = ", ".join(f"{name} {size}" for name, size in zip(PARTS, shown, strict=True))
        name = type(self).__name__
        return f"{name}({self.protocol!r}, {count} of {nodes} {self.unit}s: {parts})"


def _check_values(protocol: str, part: Integer[np.ndarray, "S N"], unit: str) -> None:
    bad = first_true((part < UNUSED) | (part > TEST))
    if bad is not None:
        split, node = bad
        raise ValueError(
            f"split {split} of protocol {protocol!r} has value {part[split, node]} at {unit} "
            f"{node}, expected 0 (train), 1 (val), 2 (test) or -1 (in no part)"
        )


def _check_parts_present(protocol: str, part: Integer[np.ndarray, "S N"], unit: str) -> None:
    for name, number in PARTS.items():
        empty = np.flatnonzero(~(part == number).any(axis=1))
        if empty.size:
            raise ValueError(
                f"split {empty[0]} of protocol {protocol!r} has no labelled {unit} in its {name} "
                "part; change the fractions or use another protocol"
            )
