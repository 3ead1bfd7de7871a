"""What a filter does, in the words of signal processing."""

from typing import Literal

import numpy as np
from jaxtyping import Real

Kind = Literal["low-pass", "high-pass", "band-pass", "band-stop", "all-pass", "zero"]


def filter_kind(values: Real[np.ndarray, " G"]) -> Kind:
    """Which frequencies a filter passes: those where |g| is at least half of its largest value.

    It is an all-pass if it passes all of them, a band-stop if it passes both ends and not all
    between them, a low-pass (high-pass) if it passes the lower (upper) end alone, and a band-pass
    if it passes neither. Signs do not count.

    Args:
        values: [G] of g at ascending lambda, such as the eigenvalues of a graph: where there is no
            eigenvalue, the values of a polynomial mean nothing.

    Returns:
        The kind; "zero" for a filter that is 0 everywhere.

    Raises:
        ValueError: if there is no value, or one is not finite.

    Example:
        >>> import numpy as np
        >>> lam = np.linspace(0, 2, 101)
        >>> filter_kind(1 - lam / 2), filter_kind(lam), filter_kind((1 - lam) ** 2)
        ('low-pass', 'high-pass', 'band-stop')
    """
    size = np.abs(np.asarray(values, float))
    if len(size) == 0 or not np.all(np.isfinite(size)):
        raise ValueError(f"a filter needs finite values, at least one, got {values}")
    passed = size >= size.max() / 2
    if size.max() == 0:
        return "zero"
    if passed.all():
        return "all-pass"
    if passed[0]:
        return "band-stop" if passed[-1] else "low-pass"
    return "high-pass" if passed[-1] else "band-pass"
