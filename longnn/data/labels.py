"""Which labels a metric is about: one class a node, any number of labels, or real values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float32, Int8, Int64, Integer

Labels: TypeAlias = Int64[np.ndarray, " N"] | Float32[np.ndarray, " N"] | Int8[np.ndarray, "N C"]
"""Classes; real values; or for each of C labels whether a node has it."""

Kind: TypeAlias = Literal["classes", "values", "multilabel"]
"""What the labels of a node are: one class, a real value, or any number of C labels."""

MOST_CLASSES = 100_000
"""No dataset has more classes; more of them are ids that were taken for labels."""

REGRESSION_METRICS = ("r2",)
"""The metrics of real-valued labels."""

MULTILABEL_METRICS = ("multilabel_micro_f1", "multilabel_roc_auc")
"""The metrics of nodes that have any number of C labels."""

_CLASS_METRICS = (
    *("accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "roc_auc", "average_precision"),
)

METRICS = (*_CLASS_METRICS, *REGRESSION_METRICS, *MULTILABEL_METRICS)
"""What a dataset may be scored by; of all of them more is better."""

LESS_IS_BETTER = ("log_loss", "ece")
"""Metrics of classes that are recorded beside the score, or may stop a run."""

PLAIN_METRICS = ("log_loss",)
"""Metrics that are no share and are not shown in percent."""


def factor_of(metric: str) -> float:
    """What a metric is multiplied by before it is shown: 100 of a share, in percent."""
    return 1.0 if metric in PLAIN_METRICS else 100.0


def kind_of(metric: str) -> Kind:
    """What the labels are that a metric is about.

    Args:
        metric: one of `METRICS`.

    Example:
        >>> [kind_of(name) for name in ("accuracy", "r2", "multilabel_roc_auc")]
        ['classes', 'values', 'multilabel']
    """
    if metric in MULTILABEL_METRICS:
        return "multilabel"
    return "values" if metric in REGRESSION_METRICS else "classes"


class _Stored(NamedTuple):
    """How labels of a kind are stored.

    Attributes:
        dtype: of the array.
        wide: whether there are C columns.
        meaning: of an entry, for messages.
    """

    dtype: str
    wide: bool
    meaning: str


_STORED: Mapping[str, _Stored] = MappingProxyType(
    {
        "classes": _Stored(
            "int64", False, "one class index per node, -1 for no label; real values need metric r2"
        ),
        "values": _Stored(
            "float32",
            False,
            "one real value per node, NaN for no label; use .astype(numpy.float32)",
        ),
        "multilabel": _Stored(
            "int8", True, "0 or 1 for each label of each node, -1 where it is not known"
        ),
    }
)


def check_metric(metric: str, classes: int, what: str) -> None:
    """Raises a ValueError if the metric is unknown, or the number of classes does not fit it.

    Args:
        metric: the word that came; one of `METRICS` is expected.
        classes: number of classes C, at most `MOST_CLASSES`; 1 for real values.
        what: has the classes, for the message.
    """
    if classes > MOST_CLASSES:
        raise ValueError(
            f"{what} has {classes} classes, expected at most {MOST_CLASSES}: are its labels ids? "
            "Give one of a few classes for each node"
        )
    if metric in LESS_IS_BETTER:
        raise ValueError(
            f"{what} cannot be scored by {metric}, of which less is better: record it beside the "
            f"score by metrics=[{metric}], or stop by it (optim.stop=val_{metric}); choose one of "
            f"{', '.join(METRICS)} as the metric"
        )
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
    if metric in REGRESSION_METRICS and classes != 1:
        raise ValueError(
            f"metric {metric} is of one real value per node, so classes must be 1, {what} has "
            f"{classes}; use classes=1, or accuracy for classes"
        )


def check_labels(labels: Labels, nodes: int, classes: int, metric: str, what: str) -> None:
    """Raises a ValueError unless there are labels of the metric's kind for each of N nodes.

    Args:
        labels: expected are [N] int64 in [0, C) or -1; for a metric of real values [N] float32,
            finite or NaN; for a multi-label one [N, C] int8 in {0, 1, -1}.
        nodes: number of nodes N.
        classes: number of classes C.
        metric: one of `METRICS`.
        what: has the labels, for the message.
    """
    kind = kind_of(metric)
    dtype, wide, meaning = _STORED[kind]
    shape = (nodes, classes) if wide else (nodes,)
    if labels.shape != shape or labels.dtype != dtype:
        raise ValueError(
            f"labels of {what} are {labels.dtype} of shape {labels.shape}, expected {dtype} of "
            f"shape {shape} for metric {metric}: {meaning}"
        )
    if kind == "values":
        _check_values(labels, what)
    else:
        _check_classes(labels, 2 if wide else classes, what)


def _check_values(labels: Float32[np.ndarray, " N"], what: str) -> None:
    bad = np.flatnonzero(np.isinf(labels))
    if bad.size:
        raise ValueError(
            f"label of node {bad[0]} in {what} is {labels[bad[0]]}, expected a finite value, or "
            f"NaN for no label ({bad.size} such nodes); replace them"
        )


def _check_classes(labels: Integer[np.ndarray, "N ..."], classes: int, what: str) -> None:
    wrong = (labels < -1) | (labels >= classes)
    bad = np.flatnonzero(wrong.reshape(len(labels), -1).any(axis=1))
    if bad.size:
        raise ValueError(
            f"label of node {bad[0]} in {what} is {labels[bad[0]]}, expected 0 to {classes - 1}, "
            f"or -1 for no label ({bad.size} such nodes); relabel from 0 or raise classes"
        )
