"""Labels as a user gives them become classes or values, by one rule for every source."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float32, Shaped

from longnn.data.cells import NO_LABEL, is_number, text_of, whole
from longnn.data.classes import Column, Owner, Read, numbered, stated
from longnn.data.labels import REGRESSION_METRICS, kind_of
from longnn.data.multilabel import read_multilabel
from longnn.graphs.numbers import as_float32

LabelsGiven: TypeAlias = Shaped[np.ndarray, "..."] | Sequence[object]
"""Labels as a user gives them; what they really are is checked here."""

_Mask: TypeAlias = Bool[np.ndarray, " N"]

_EXACT = 2**53
"""Above it float64 skips whole numbers."""


def read_labels(
    labels: LabelsGiven,
    owner: Owner,
    metric: str,
    classes: int | None = None,
    largest: int | None = None,
) -> Read:
    """Reads labels of any kind; classes are the distinct labels in order.

    A node has no label where the number is -1 or NaN, where an array is masked, or where the text
    is empty or one of `longnn.data.cells.NO_LABEL`. Texts that are all numbers count as numbers. Of
    values (metric "r2") -1 is one like every other.

    Args:
        labels: [N] or [N, 1] numbers or texts; [N, C] for a multi-label metric, see
            `longnn.data.multilabel.read_multilabel`.
        owner: has the labels, for messages.
        metric: one of `longnn.data.labels.METRICS`.
        classes: the number of classes C if it is known; the labels are then in [0, C) as they are.
        largest: the largest number of the type that texts were of, if that is unsigned.

    Returns:
        The labels, with the names that the classes had.

    Raises:
        ValueError: if the labels are of another shape or kind, do not differ, or look like an id
            for each node.

    Example:
        >>> read_labels(["dog", "cat", "", "cat"], Owner("pets"), "accuracy")
        Read(labels=array([ 1,  0, -1,  0]), classes=2, names=('cat', 'dog'))
    """
    if kind_of(metric) == "multilabel":
        return read_multilabel(labels, owner, classes)
    array, hidden = _array(labels, owner)
    if metric in REGRESSION_METRICS:
        if classes not in (None, 1):
            raise ValueError(f"metric {metric} has no classes, got classes={classes}; leave it out")
        return Read(_values(array, hidden, owner), 1, ())
    if array.dtype.kind in "iufb":
        column = _of_numbers(array, hidden, owner)
    else:
        column = _of_texts(_texts(array, hidden, owner), owner, largest)
    return numbered(column, owner) if classes is None else stated(column, owner, classes)


def _array(labels: LabelsGiven, owner: Owner) -> tuple[Shaped[np.ndarray, " N"], _Mask]:
    """Labels as an array of numbers, texts or objects; and which of them are masked."""
    try:
        if not hasattr(labels, "__array__"):
            cells = list(labels)
            numbers = all(isinstance(c, int | float | np.number | np.bool_) for c in cells)
            labels = np.array(cells, None if numbers else object)  # object: texts of any length
        array = np.asarray(labels)
        hidden = np.broadcast_to(np.ma.getmask(labels), array.shape)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged, or no array of the host
        raise ValueError(f"labels of {owner.name} cannot be read as an array; {error}") from error
    if array.ndim == 2 and array.shape[1] == 1:
        array, hidden = array[:, 0], hidden[:, 0]
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iufbUSTO":
        several = (
            "; several labels a node need metric multilabel_micro_f1 or multilabel_roc_auc, and a "
            "one-hot row is its argmax"
        )
        raise ValueError(
            f"labels of {owner.name} are {array.dtype} of shape {array.shape}, expected one number "
            f"or text a node{several if array.ndim > 1 else ''}"
        )
    return array, hidden


def _texts(array: Shaped[np.ndarray, " N"], hidden: _Mask, owner: Owner) -> list[str]:
    """[N] stripped texts, empty where there is no label."""
    texts = []
    for place, cell in enumerate(array.tolist()):
        try:
            text = "" if hidden[place] else text_of(cell)
        except ValueError as error:
            raise ValueError(f"{owner.label(place, cell)}: {error}") from None
        texts.append("" if text.casefold() in NO_LABEL else text)
    return texts


def _values(
    array: Shaped[np.ndarray, " N"], hidden: _Mask, owner: Owner
) -> Float32[np.ndarray, " N"]:
    if array.dtype.kind in "iub":
        raise ValueError(
            f"labels of {owner.name} are {array.dtype} of shape {array.shape}, expected one float "
            "a node for a metric of real values, NaN for no label; use .astype(numpy.float32)"
        )
    if array.dtype.kind != "f":
        array = _floats(_texts(array, hidden, owner), owner)
    values = as_float32(f"labels of {owner.name}", np.where(hidden, np.nan, array))
    known = values[~np.isnan(values)]
    if not len(known) or (known == known[0]).all():
        raise ValueError(
            f"the {len(known)} labels of {owner.name} do not differ, nothing to predict; check the "
            "labels given"
        )
    return values


def _floats(texts: list[str], owner: Owner) -> Float[np.ndarray, " N"]:
    for place, text in enumerate(texts):
        if text and not is_number(text):
            raise ValueError(
                f"{owner.label(place, text)}, expected a number for a metric of real values; leave "
                "it empty for no label, or use another metric for classes"
            )
    return np.array([float(text) if text else np.nan for text in texts])


def _of_numbers(array: Shaped[np.ndarray, " N"], hidden: _Mask, owner: Owner) -> Column:
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
        hidden = hidden | np.isnan(array)
        wrong = (array < -1) | (array != np.floor(array)) | (array > _EXACT)
    else:
        wrong = array < -1
    if (wrong & ~hidden).any():
        place = int(np.flatnonzero(wrong & ~hidden)[0])
        raise _not_a_class(array[place].item(), place, owner)
    known = ~hidden & (array != -1)
    return _column(array, known)


def _column(array: Shaped[np.ndarray, " N"], known: _Mask) -> Column:
    index = np.full(len(array), -1, np.int64)
    distinct, index[known] = np.unique(array[known], return_inverse=True)
    largest = int(np.iinfo(array.dtype).max) if array.dtype.kind == "u" else None
    return Column([int(label) for label in distinct.tolist()], index, largest)


def _of_texts(texts: list[str], owner: Owner, largest: int | None) -> Column:
    """Whole numbers where all texts are numbers, else the texts themselves."""
    known = sorted({text for text in texts if text})
    if not all(map(is_number, known)):
        strange = next((t for t in known if t.isdigit() and not t.isascii()), None)
        if strange is not None:
            raise ValueError(
                f"{owner.label(texts.index(strange), strange)}, which is no number in the digits 0 "
                "to 9; write it in these, or as a word"
            )
        return _indexed(known, {text: text for text in known}, texts)
    numbers: dict[str, int] = {}
    for text in known:
        number = whole(text)
        if number is None or number < -1:
            raise _not_a_class(text, texts.index(text), owner)
        if number >= 0:
            numbers[text] = number
    return _indexed(sorted(set(numbers.values())), numbers, texts, largest)


def _indexed(
    distinct: list[int] | list[str],
    label: dict[str, int] | dict[str, str],
    texts: list[str],
    largest: int | None = None,
) -> Column:
    place = {value: number for number, value in enumerate(distinct)}
    of_text = {text: place[value] for text, value in label.items()}
    index = np.fromiter((of_text.get(text, -1) for text in texts), np.int64, len(texts))
    return Column(distinct, index, largest)


def _not_a_class(value: object, place: int, owner: Owner) -> ValueError:
    return ValueError(
        f"{owner.label(place, value)}, expected a whole number >= 0, or -1 for no label; number "
        "the classes from 0, name them by words, or use metric r2 for real values"
    )
