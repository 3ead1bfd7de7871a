"""Which labels a metric is about: classes, or real values."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Int64

Labels: TypeAlias = Int64[np.ndarray, " N"] | Float32[np.ndarray, " N"]
"""Classes, or real values."""

MOST_CLASSES = 100_000
"""No dataset has more classes; more of them are ids that were taken for labels."""

METRICS = ("accuracy", "macro_f1", "roc_auc", "r2")

REGRESSION_METRICS = ("r2",)
"""The metrics of real-valued labels."""


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
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
    if metric == "roc_auc" and classes != 2:
        raise ValueError(f"metric roc_auc needs 2 classes, {what} has {classes}; use accuracy")
    if metric in REGRESSION_METRICS and classes != 1:
        raise ValueError(
            f"metric {metric} is of one real value per node, so classes must be 1, {what} has "
            f"{classes}; use classes=1, or accuracy for classes"
        )


def check_labels(labels: Labels, nodes: int, classes: int, metric: str, what: str) -> None:
    """Raises a ValueError unless there is one label of the metric's kind for each of N nodes.

    Args:
        labels: expected are [N] int64 in [0, C) or -1, or for a metric of real values [N] float32,
            finite or NaN.
        nodes: number of nodes N.
        classes: number of classes C.
        metric: one of `METRICS`.
        what: has the labels, for the message.
    """
    real = metric in REGRESSION_METRICS
    kind, meaning = (
        ("float32", "one real value per node, NaN for no label; use .astype(numpy.float32)")
        if real
        else ("int64", "one class index per node, -1 for no label; real values need metric r2")
    )
    if labels.shape != (nodes,) or labels.dtype != kind:
        raise ValueError(
            f"labels of {what} are {labels.dtype} of shape {labels.shape}, expected {kind} of "
            f"shape ({nodes},) for metric {metric}: {meaning}"
        )
    if real:
        _check_values(labels, what)
    else:
        _check_classes(labels, classes, what)


def _check_values(labels: Float32[np.ndarray, " N"], what: str) -> None:
    bad = np.flatnonzero(np.isinf(labels))
    if bad.size:
        raise ValueError(
            f"label of node {bad[0]} in {what} is {labels[bad[0]]}, expected a finite value, or "
            f"NaN for no label ({bad.size} such nodes); replace them"
        )


def _check_classes(labels: Int64[np.ndarray, " N"], classes: int, what: str) -> None:
    bad = np.flatnonzero((labels < -1) | (labels >= classes))
    if bad.size:
        raise ValueError(
            f"label of node {bad[0]} in {what} is {labels[bad[0]]}, expected 0 to {classes - 1}, "
            f"or -1 for no label ({bad.size} such nodes); relabel from 0 or raise classes"
        )
