"""Where a finished run is reported besides its directory. The only file that knows wandb."""

import os
from pathlib import Path
from typing import Any, Literal


def no_sink(result: dict[str, Any], directory: Path) -> None:
    """Reports nowhere: the run directory is the record."""


def to_wandb(
    result: dict[str, Any],
    directory: Path,
    *,
    project: str = "longnn",
    group: str | None = None,
    mode: Literal["offline", "online"] = "offline",
) -> None:
    """One Weights & Biases run with config, mean curves, scores and figures.

    Offline runs lie in ``directory/wandb`` for ``wandb sync``.

    Args:
        result: content of ``result.json``.
        directory: run directory.
        project: wandb project.
        group: name that gathers the runs of a sweep.
        mode: "offline" or "online".

    Raises:
        ModuleNotFoundError: if wandb is not installed (``pip install longnn[wandb]``).
    """
    import numpy as np
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")
    run = wandb.init(
        project=project,
        group=group,
        name=directory.name,
        config=result["config"],
        dir=str(directory),
        mode=mode,
        reinit="finish_previous",
    )
    with np.load(directory / "curves.npz") as curves:
        means = {name: np.nanmean(curves[name], axis=0) for name in curves.files}
    for epoch in range(len(means["loss"])):
        run.log({name: float(values[epoch]) for name, values in means.items()}, step=epoch + 1)
    for part in ("val", "test"):
        run.summary.update({f"{part}_{k}": v for k, v in result[part].items()})
    for figure in sorted(directory.glob("*.png")):
        run.log({figure.stem: wandb.Image(str(figure))})
    run.finish(exit_code=0)
