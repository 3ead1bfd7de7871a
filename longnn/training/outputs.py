"""Outputs of models as probabilities, and back; imports no jax."""

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit

from longnn.data.labels import Kind


def probabilities_of(outputs: Float[np.ndarray, "..."], kind: Kind) -> Float[np.ndarray, "..."]:
    """The probability of each class or label.

    Args:
        outputs: log-probabilities of classes, or log-odds of labels.
        kind: what the labels are, see ``longnn.data.labels.kind_of``.

    Raises:
        ValueError: for values.

    Example:
        >>> probabilities_of(np.zeros(2), "multilabel").tolist()
        [0.5, 0.5]
    """
    if kind == "values":
        raise ValueError("real values have no probabilities; the predicted values are the outputs")
    return expit(outputs) if kind == "multilabel" else np.exp(outputs)


def outputs_of(probabilities: Float[np.ndarray, "..."], kind: Kind) -> Float[np.ndarray, "..."]:
    """Log-probabilities of classes, or log-odds of labels; the inverse of the other.

    Args:
        probabilities: in [0, 1]; one that was rounded to 0 or 1 gives an infinite output.
        kind: "classes" or "multilabel".
    """
    if kind == "multilabel":
        return logit(probabilities)
    with np.errstate(divide="ignore"):
        return np.log(probabilities)
