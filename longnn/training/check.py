"""Whether a problem, its splits and its metric fit together."""

import reprlib
from collections.abc import Sequence

import numpy as np

from longnn.data.errors import unknown
from longnn.data.labels import kind_of
from longnn.data.splits import Splits
from longnn.training.loop import Problem
from longnn.training.losses import check_loss
from longnn.training.metrics import METRICS
from longnn.training.optim import Optim
from longnn.training.stopping import metric_named


def check_problem(problem: Problem, splits: Splits, classes: int, metric: str) -> None:
    """ValueError where training or scoring could not mean anything.

    Args:
        problem: N nodes.
        splits: of N nodes.
        classes: C, width of the outputs.
        metric: one of `METRICS`.
    """
    if not isinstance(splits, Splits):
        raise ValueError(
            f"splits must be longnn.data.Splits, got {reprlib.repr(splits)}; a protocol of "
            "longnn.data.splits makes them, for instance longnn.data.splits.stratified(data)"
        )
    labels = problem.labels_given()
    nodes = len(labels)
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; choose one of {sorted(METRICS)}")
    if problem.features.shape[0] != len(problem.labels) or splits.part.shape[1] != nodes:
        raise ValueError(
            f"features have {problem.features.shape[0]} rows, labels {nodes}, splits "
            f"{splits.part.shape[1]}; all must be the number of nodes"
        )
    _check_scored(splits, labels, classes, metric)


def check_metrics(
    names: Sequence[str], metric: str, labels: np.ndarray, splits: Splits, classes: int
) -> None:
    """ValueError where metrics that are recorded beside the score do not fit the data.

    Args:
        names: of the metrics.
        metric: of the data.
        labels: [N], or [N, C] of several labels a node.
        splits, classes: as :func:`check_problem` takes them.
    """
    for name in names:
        if name not in METRICS:
            raise unknown("metric of metrics:", name, sorted(METRICS))
        if kind_of(name) != kind_of(metric):
            raise ValueError(
                f"metrics has {name}, which is of {kind_of(name)}, but the metric {metric} of the "
                f"data is of {kind_of(metric)}; leave it out"
            )
        _check_scored(splits, labels, classes, name)


def _check_scored(splits: Splits, labels: np.ndarray, classes: int, metric: str) -> None:
    """ValueError where a metric means nothing on the labels of a part."""
    checks = {"values": _check_values, "classes": _check_classes, "multilabel": _check_several}
    checks[kind_of(metric)](splits, labels, classes, metric)
    if metric in ("roc_auc", "average_precision"):
        _check_two_classes(splits, labels, metric)


def check_options(
    optims: Sequence[Optim], problem: Problem, splits: Splits, classes: int, metric: str
) -> None:
    """ValueError where a loss, class weights or a quantity of stopping do not fit the data.

    Args:
        optims: of the trials.
        problem, splits, classes, metric: as :func:`check_problem` takes them, and has checked.
    """
    of_classes = kind_of(metric) == "classes"
    for optim in optims:
        if not of_classes and (optim.class_weights is not None or optim.label_smoothing):
            raise ValueError(
                f"class_weights and label_smoothing are for classes, but metric {metric} is of "
                "real values or several labels a node; leave them out"
            )
    named = metric_named(optims[0].stop)
    if named is not None:
        check_problem(problem, splits, classes, named)
    loss, labels = optims[0].loss, problem.labels_given()
    if loss is not None:
        check_loss(loss, len(labels), classes, labels, problem.features.dtype)


def _check_classes(splits: Splits, labels: np.ndarray, classes: int, metric: str) -> None:
    if labels.ndim > 1:
        raise ValueError(
            f"metric {metric} needs one class a node, but the labels have shape {labels.shape}; "
            "use metric multilabel_micro_f1 or multilabel_roc_auc"
        )
    if labels.dtype.kind == "f":
        raise ValueError(
            f"metric {metric} needs classes, whole numbers in [0, {classes}), but the labels are "
            f"{labels.dtype}; use metric r2 for real values, or .astype(int) for classes"
        )
    used = (splits.part >= 0).any(0)
    wrong = np.flatnonzero(used & ((labels < 0) | (labels >= classes)))
    if len(wrong):
        raise ValueError(
            f"node {wrong[0]} is in a part of a split, but its label is {labels[wrong[0]]}; labels "
            f"must lie in [0, {classes}), and unlabelled nodes be in no part (-1)"
        )


def _check_values(splits: Splits, labels: np.ndarray, classes: int, metric: str) -> None:
    if classes != 1:
        raise ValueError(f"metric {metric} is of one value per node, got classes={classes}; use 1")
    used = (splits.part >= 0).any(0)
    wrong = np.flatnonzero(used & ~np.isfinite(labels))
    if len(wrong):
        raise ValueError(
            f"node {wrong[0]} is in a part of a split, but its label is {labels[wrong[0]]}; labels "
            "must be finite, and unlabelled nodes be in no part (-1)"
        )
    constant = _part_of_one_label(splits, labels)
    if constant is not None:
        raise ValueError(
            f"metric {metric} needs labels that differ in every part, but in {constant[0]} all are "
            f"{constant[1]}; use other splits"
        )


def _check_several(splits: Splits, labels: np.ndarray, classes: int, metric: str) -> None:
    if labels.ndim != 2 or labels.shape[1] != classes or labels.dtype.kind not in "iu":
        raise ValueError(
            f"metric {metric} needs 0 or 1 for each of {classes} labels, integers of shape "
            f"[N, {classes}], got {labels.dtype} of shape {labels.shape}; use accuracy for one "
            "class a node"
        )
    used = (splits.part >= 0).any(0)
    wrong = np.flatnonzero(used & ((labels > 1).any(axis=1) | (labels < 0).all(axis=1)))
    if len(wrong):
        raise ValueError(
            f"node {wrong[0]} is in a part of a split, but its labels are {labels[wrong[0]]}; they "
            "must be 0, 1 or -1 (not known), and nodes of which nothing is known be in no part (-1)"
        )
    for name, masks in (("val", splits.val), ("test", splits.test)):
        for number, mask in enumerate(masks):
            differs = (labels[mask] == 1).any(axis=0) & (labels[mask] == 0).any(axis=0)
            if metric == "multilabel_roc_auc" and not differs.any():
                raise ValueError(
                    f"metric {metric} needs a label that differs in every part, but {name} of "
                    f"split {number} has none; use other splits or multilabel_micro_f1"
                )


def _check_two_classes(splits: Splits, labels: np.ndarray, metric: str) -> None:
    constant = _part_of_one_label(splits, labels)
    if constant is not None:
        raise ValueError(
            f"metric {metric} needs two classes in every part, but {constant[0]} holds class "
            f"{constant[1]} only; use other splits or accuracy"
        )


def _part_of_one_label(splits: Splits, labels: np.ndarray) -> tuple[str, np.generic] | None:
    """The first part that is scored on and whose labels are all equal, and that label."""
    for name, masks in (("val", splits.val), ("test", splits.test)):
        for number, mask in enumerate(masks):
            if len(np.unique(labels[mask])) < 2:
                return f"{name} of split {number}", labels[mask][0]
    return None
