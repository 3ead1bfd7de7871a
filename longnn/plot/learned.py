"""The basis that a model has learned."""

from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx
from matplotlib.figure import Figure

from longnn.analysis.basis import host_terms
from longnn.plot._basis import basis
from longnn.runs.opening import load
from longnn.runs.saved import Run
from longnn.training.result import Fit
from polybases import weight


def learned_basis(
    trained: str | Path | Run | Fit | nnx.Module,
    run: int = 0,
    *,
    functions: int = 6,
    title: str = "",
) -> Figure:
    """The basis p_k(lambda) of a trained model's first filter, with the weight of a Jacobi basis.

    Of a basis with parameters for each channel, that of channel 0 is drawn.

    Args:
        trained: a run directory, an opened one, what ``longnn.fit`` returned, or a module.
        run: the number of the run whose basis is drawn, in [0, B).
        functions: how many functions are drawn, p_0 and up, at most K + 1.
        title: of the figure; by default with the learned exponents.

    Raises:
        ValueError: if there is no such run, or the model's filter is in no basis.
    """
    opened = load(trained) if isinstance(trained, str | Path) else trained
    model = opened if isinstance(opened, nnx.Module) else opened.model(run)
    filters: Any = getattr(model, "filters", None)
    if filters is None or not hasattr(filters[0], "terms"):
        raise ValueError(f"{type(model).__name__} has no filter in a basis of lambda")
    recurrence, _ = filters[0].terms()
    lam = np.linspace(0, 2, 401)[1:-1]
    x = (1 - lam)[:, None]
    values = host_terms(recurrence, lambda t: x * t, np.ones_like(x))[..., 0]
    density = None
    named = title or f"basis of {type(model).__name__}"
    of_jacobi: Any = getattr(filters[0], "basis", None)
    orthogonal = not isinstance(recurrence.norms, tuple)
    if orthogonal and hasattr(of_jacobi, "alpha") and hasattr(of_jacobi, "beta"):
        alpha, beta = float(of_jacobi.alpha[...]), float(of_jacobi.beta[...])
        density = np.asarray(weight(1 - lam, alpha, beta))
        named = title or f"{named}, alpha = {alpha:.2f}, beta = {beta:.2f}"
    return basis(lam, values[:functions], density, named)
