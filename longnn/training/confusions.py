"""The confusion matrices of a batch of classifiers."""

import numpy as np
from jaxtyping import Bool, Float, Int64, Real

from longnn.graphs.numbers import pair_counts


def confusion_counts(
    outputs: Float[np.ndarray, "B N C"],
    labels: Real[np.ndarray, "N ..."],
    masks: Bool[np.ndarray, "B N"],
) -> Int64[np.ndarray, "B C C"]:
    """The confusion matrix of each of B runs on a part of the nodes; rows are the true classes.

    Args:
        outputs: [B, N, C] of which the largest of a node is its prediction.
        labels: [N] the class of each node.
        masks: [B, N] which nodes count in each run.

    Raises:
        ValueError: if the labels are real values, or several a node.
    """
    if labels.ndim != 1 or labels.dtype.kind == "f":
        kind = "real values" if labels.dtype.kind == "f" else "several labels a node"
        raise ValueError(f"confusion is of one class a node, but these models predict {kind}")
    classes = outputs.shape[2]
    each = zip(outputs, masks, strict=True)
    rows = [pair_counts(labels[mask], run.argmax(axis=1)[mask], classes) for run, mask in each]
    return np.stack(rows)
