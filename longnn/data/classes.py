"""How classes are numbered: the distinct labels in order, with the names that they had."""

import reprlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from longnn.data.cells import is_number
from longnn.data.errors import RenumberedLabelsWarning
from longnn.data.labels import Labels
from longnn.graphs.checks import check_count

_FEW = 10  # as many labels, each of its own, may still be classes


class Read(NamedTuple):
    """Labels that were read.

    Attributes:
        labels: [N] classes in [0, C), -1 for no label; or values, NaN for no label.
        classes: number of classes C; 1 for values.
        names: the C names that the classes had; empty for values.
    """

    labels: Labels
    classes: int
    names: tuple[str, ...]


def unlabelled(nodes: int) -> Read:
    """No label at any of N nodes, and no class, as of a graph that is only predicted on."""
    return Read(np.full(nodes, -1, np.int64), 0, ())


class Owner(NamedTuple):
    """Whose labels are read, for messages.

    Attributes:
        name: of a dataset or a file.
        node: the name of the i-th node.
        unit: what has a label, "node" or "graph".
    """

    name: str
    node: Callable[[int], str] = str
    unit: str = "node"

    def label(self, place: int, value: object) -> str:
        """ "label of node 3 of pets is 'dog'", of the i-th node."""
        return f"label of {self.unit} {self.node(place)} of {self.name} is {reprlib.repr(value)}"


@dataclass(frozen=True)
class Column:
    """Labels before they are numbered.

    Attributes:
        distinct: the labels that occur, ascending: whole numbers >= 0, or texts.
        index: [N] which of them each node has, -1 for none.
        largest: the largest number that the type holds if it is unsigned, else None.
    """

    distinct: list[int] | list[str]
    index: Int64[np.ndarray, " N"]
    largest: int | None = None


def numbered(column: Column, owner: Owner) -> Read:
    """Numbers classes in the order of their labels; a warning says which numbers changed.

    Raises:
        ValueError: if there are not two classes, or the labels look like ids, or like a number that
            stands for none in an unsigned type.
    """
    _check_differ(column, owner)
    _check_no_ids(column, owner)
    _check_unsigned(column, owner)
    count = len(column.distinct)
    if column.distinct != list(range(count)) and any(map(_is_numeric, column.distinct)):
        pairs = (f"{label} -> {number}" for number, label in enumerate(column.distinct))
        warnings.warn(
            f"labels of {owner.name} are not the numbers 0 to {count - 1}, so they are numbered in "
            f"their order: {_listed(pairs, count)}; class_names holds the labels given",
            RenumberedLabelsWarning,
            stacklevel=4,
        )
    return Read(column.index, count, tuple(map(str, column.distinct)))


def stated(column: Column, owner: Owner, classes: int) -> Read:
    """Takes labels as they are, for a number of classes C that is known.

    Raises:
        ValueError: if there are not two classes, or a label is not in [0, C).
    """
    check_count("classes", classes)
    _check_differ(column, owner)
    outside = [label for label in column.distinct if isinstance(label, str) or label >= classes]
    if outside:
        number = len(column.distinct) - len(
            outside
        )  # they are ascending, and texts are all outside
        place = int(np.flatnonzero(column.index == number)[0])
        raise ValueError(
            f"{owner.label(place, outside[0])}, expected a whole number in [0, {classes}) as "
            f"classes={classes} says, or -1 for no label; leave classes out to number the labels "
            "in their order"
        )
    labels = np.where(column.index < 0, -1, np.array(column.distinct, np.int64)[column.index])
    return Read(labels, classes, tuple(map(str, range(classes))))


def _check_differ(column: Column, owner: Owner) -> None:
    if len(column.distinct) < 2:
        only = f" ({column.distinct[0]!r})" if column.distinct else ""
        raise ValueError(
            f"{owner.name} has {len(column.distinct)} class{only}, nothing to tell apart; check "
            "the labels given"
        )


def _check_no_ids(column: Column, owner: Owner) -> None:
    count, labelled = len(column.distinct), int((column.index >= 0).sum())
    if count == labelled > _FEW:
        raise ValueError(
            f"each of the {labelled} labelled nodes of {owner.name} has a label of its own "
            f"({_listed(column.distinct, count)}): an id for each node? Give one of a few classes "
            "for each node, or use metric r2 for real values"
        )


def _check_unsigned(column: Column, owner: Owner) -> None:
    """255 among uint8 was -1 once."""
    *others, last = column.distinct
    if last == column.largest and len(others) != last:
        raise ValueError(
            f"{owner.name} has the label {last}, the largest number of its unsigned type, beside "
            f"{_listed(others, len(others))}; if it means no label write -1, in a signed type such "
            "as int64, else number the classes from 0"
        )


def _is_numeric(label: int | str) -> bool:
    return isinstance(label, int) or is_number(label)


def _listed(values: Iterable[object], count: int) -> str:
    """The values, or the first four and the last of many."""
    shown = [str(value) for i, value in enumerate(values) if count < 7 or i < 4 or i == count - 1]
    texts = [text if len(text) < 40 else f"{text[:18]}...{text[-18:]}" for text in shown]
    return ", ".join(texts if count < 7 else [*texts[:4], "...", texts[-1]])
