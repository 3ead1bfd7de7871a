"""Labels and prediction errors as signals on the nodes."""

import numpy as np
from jaxtyping import Bool, Float, Integer, Real


def label_signal(
    labels: Integer[np.ndarray, " N"], *, centred: bool = True
) -> Float[np.ndarray, "N C"]:
    """One indicator per class, its mean over the labelled nodes taken off.

    Without the mean, which every filter passes and which tells no class from another, lambda = 0
    would hold most of the energy.

    Args:
        labels: [N] integers, class of each node, < 0 where there is none.
        centred: whether the mean is taken off.

    Returns:
        [N, C] float64; 0 at nodes without a label.

    Raises:
        ValueError: if labels are not integers [N], or no node has one.

    Example:
        >>> import numpy as np
        >>> label_signal(np.array([0, 1, 1, -1]), centred=False)
        array([[1., 0.],
               [0., 1.],
               [0., 1.],
               [0., 0.]])
    """
    labels, known = _checked(labels)
    signal = np.zeros((len(labels), int(labels.max()) + 1))
    signal[known, labels[known]] = 1
    if centred:
        signal[known] -= signal[known].mean(axis=0)
    return signal


def error_signal(
    probabilities: Real[np.ndarray, "N C"],
    labels: Integer[np.ndarray, " N"],
    nodes: Bool[np.ndarray, " N"] | None = None,
) -> Float[np.ndarray, "N C"]:
    """One-hot labels minus predicted probabilities: what the model has not explained.

    Args:
        probabilities: [N, C] of a model, e^(log-probabilities).
        labels: [N] integers, < 0 where there is none.
        nodes: [N] bool, where errors count (the test nodes, say); all labelled ones if None.

    Returns:
        [N, C] float64; 0 at nodes without a label and outside ``nodes``.

    Raises:
        ValueError: if shapes do not fit, or no node is left.
    """
    labels, known = _checked(labels)
    probabilities = np.asarray(probabilities, np.float64)
    classes = int(labels.max()) + 1
    if probabilities.ndim != 2 or len(probabilities) != len(labels):
        raise ValueError(
            f"probabilities need shape [N, C] with N = {len(labels)}, got {probabilities.shape}"
        )
    if probabilities.shape[1] < classes:
        raise ValueError(f"{classes} classes in labels, but {probabilities.shape[1]} probabilities")
    if nodes is not None:
        if np.shape(nodes) != labels.shape or np.asarray(nodes).dtype != bool:
            raise ValueError(f"nodes must be a bool mask [{len(labels)}], got {nodes!r}")
        known = known & nodes
    if not known.any():
        raise ValueError("no labelled node is left in `nodes`: nothing to take errors of")
    signal = np.where(known[:, None], -probabilities, 0)
    signal[known, labels[known]] += 1
    return signal


def _checked(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be integers [N], got {labels.dtype} {labels.shape}; a real-valued label "
            "is a signal as it stands (take its mean off)"
        )
    known = labels >= 0
    if not known.any():
        raise ValueError("no node has a label >= 0")
    return labels, known
