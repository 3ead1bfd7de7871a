"""Which classes are taken for which."""

import numpy as np
from jaxtyping import Int64, Integer

from longnn.graphs.numbers import pair_counts


def confusion(
    labels: Integer[np.ndarray, " n"], predicted: Integer[np.ndarray, " n"], classes: int
) -> Int64[np.ndarray, "C C"]:
    """The confusion matrix: how many nodes of class c (row) are taken for class d (column).

    M_cd = #{i: y_i = c, prediction of i = d}; its trace over its sum is the accuracy, and
    M_cc / sum_d M_cd the recall of class c.

    Args:
        labels: [n] the class of each node, in [0, C).
        predicted: [n] the predicted class of each, in [0, C).
        classes: the number of classes C, >= 1.

    Returns:
        [C, C] counts, which sum to n; the row of a class without a node is 0.

    Raises:
        ValueError: if shapes or ranges do not fit, or one of them is no whole number.

    Source: Hastie, Tibshirani and Friedman 2009, Elements of Statistical Learning, section 9.2.5.

    Example:
        >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
        array([[1, 1],
               [0, 1]])
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if classes < 1:
        raise ValueError(f"confusion needs classes >= 1, got {classes}")
    for name, values in (("labels", labels), ("predicted", predicted)):
        _check(name, values, len(labels) if labels.ndim else 0, classes)
    return pair_counts(labels, predicted, classes)


def _check(name: str, values: np.ndarray, nodes: int, classes: int) -> None:
    if values.shape != (nodes,) or values.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be whole numbers [{nodes}], one for each node, got {values.dtype} of "
            f"shape {values.shape}; several labels a node have no confusion matrix, count each "
            "label by itself"
        )
    wrong = np.flatnonzero((values < 0) | (values >= classes))
    if len(wrong):
        raise ValueError(
            f"{name} must lie in [0, {classes}), got {values[wrong[0]]} at place {wrong[0]}; leave "
            "out nodes without a label"
        )
