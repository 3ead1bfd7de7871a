"""The learned filter above the spectrum of its graph."""

from pathlib import Path

import jax
import numpy as np
from flax import nnx
from jaxtyping import Float, Real
from matplotlib.figure import Figure

from longnn.analysis.density import spectral_density
from longnn.graphs.graph import Graph
from longnn.plot._curves import MULTIPLES, response_curves
from longnn.runs.opening import load
from longnn.runs.saved import Run
from longnn.training.problem import graph_of
from longnn.training.responses import HasResponse, module_response
from longnn.training.result import Fit
from longnn.training.task import REGRESSION


def response(
    trained: str | Path | HasResponse | nnx.Module,
    graph: Graph | None = None,
    *,
    lam: Real[np.ndarray, " G"] | None = None,
    title: str = "",
) -> Figure:
    """The learned filter of a run, or of a batch of runs, above the spectrum of a graph.

    Args:
        trained: a run directory, an opened one, what ``longnn.fit`` returned, anything else with
            ``response(lam) -> [B, G, C]``, or one module.
        graph: the graph whose spectrum stands below; None: that which a fit or an opened run was
            trained on, and none for others.
        lam: [G] where the filter is drawn, ascending in [0, 2]; None: 401 points.
        title: of the figure; "": what was trained on what, whether the filter was learned or is
            fixed, and what is drawn of the runs.

    Raises:
        ValueError: if the model has no filter.
        DataFileError: if a run's own data are missing.

    Example:
        >>> import longnn
        >>> from flax import nnx
        >>> model = longnn.models.LonGNN(8, 3, order=4, rngs=nnx.Rngs(0))
        >>> longnn.plot.response(model).savefig("filter.png")  # doctest: +SKIP
    """
    opened = load(trained) if isinstance(trained, str | Path) else trained
    lam = np.linspace(0, 2, 401) if lam is None else np.asarray(lam, float)
    values = values_of(opened, lam)
    title = title or _title_of(opened, values)
    graph = _graph_of(opened) if graph is None else graph
    density = None if graph is None else spectral_density(graph)
    return response_curves(lam, values, density, title, _channel(opened, values.shape[2]))


def values_of(
    trained: HasResponse | nnx.Module, lam: Real[np.ndarray, " G"]
) -> Float[np.ndarray, "B G C"]:
    """g(lambda) of a batch of runs, or of one module as a batch of one."""
    if isinstance(trained, nnx.Module):
        return module_response(trained, lam)[None]
    return trained.response(lam)


def _title_of(trained: HasResponse | nnx.Module, values: Float[np.ndarray, "B G C"]) -> str:
    """What the figure is called; empty where nothing is known of the data."""
    if isinstance(trained, Run):
        split = trained.result.split
    elif isinstance(trained, Fit) and trained.splits is not None and trained.title:
        split = trained.splits.protocol
    else:
        return ""
    if _is_fixed(trained) and not np.ptp(values, axis=0).any():
        return f"Filter of {trained.title} (fixed)"
    runs, _, channels = values.shape
    spread = "medians" if channels > MULTIPLES else "median and quartiles"
    drawn = f"{spread} of {runs} runs" if runs > 1 else "one run"
    return f"Learned filter of {trained.title},\n{drawn} ({split})"


def _is_fixed(trained: Run | Fit) -> bool:
    """Whether the model's filters are modules without a parameter, as those of SGC."""
    filters = getattr(trained.model(0), "filters", None)
    return filters is not None and not jax.tree.leaves(nnx.state(filters, nnx.Param))


def _graph_of(trained: HasResponse | nnx.Module) -> Graph | None:
    """The undirected graph that was filtered on, where it is known."""
    if isinstance(trained, Run | Fit) and getattr(trained.model(0), "directed", False):
        return None
    if isinstance(trained, Run):
        return graph_of(trained.dataset(), trained.config["graph"]["self_loops"])
    return trained.graph if isinstance(trained, Fit) else None


def _channel(trained: HasResponse | nnx.Module, channels: int) -> str:
    """What one of so many channels of a filter is."""
    fit = trained.fit if isinstance(trained, Run) else trained
    if not isinstance(fit, Fit):
        return "channel"
    outputs = fit.outputs.shape[2]
    if fit.program.task == REGRESSION:
        return "output" if channels == 1 else "channel"
    return "class" if channels in (1, outputs) else "channel"
