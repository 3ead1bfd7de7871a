"""A job: one config in one run directory; and which jobs can train as one batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf

from longnn.runs import configured

from ..config.identity import hash_of, settings
from ..config.trusted import own_modules

TRACED = ("max_epochs", "patience")
"""Values of optim besides rates that a compiled program takes as they come."""

OPTIONAL = ("clip", "ema", "class_weights", "label_smoothing")
"""Likewise, where they are set at all."""

SHARED = (
    *("backend", "chunk", "memory_gb", "devices", "nodes_over", "checkpoint_seconds"),
    "compilation_cache",
    *("force", "figures", "logger"),
)
"""Values outside a run's identity that the jobs of a batch share."""


class Job(NamedTuple):
    """One run to make.

    Attributes:
        config: without Hydra's own node.
        model: name of the model's config file.
        directory: of the run.
        sweep: name of the sweep's directory; None for a job of its own.
        trust: names of modules whose code the config may name.
    """

    config: DictConfig
    model: str
    directory: Path
    sweep: str | None = None
    trust: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The model and the dataset, as ``longnn on cora``."""
        return f"{self.model} on {self.config.dataset.name}"


def current_job(hydra: HydraConf, config: DictConfig) -> Job:
    """The job that Hydra is running with this config.

    Args:
        hydra: Hydra's own node.
        config: composed by Hydra.
    """
    alone = OmegaConf.is_missing(hydra.job, "num")
    sweep = None if alone else Path(str(hydra.sweep.dir)).absolute().name
    choice, directory = str(hydra.runtime.choices["model"]), Path(hydra.runtime.output_dir)
    return Job(config, choice, directory, sweep, own_modules(hydra))


# a model is any callable of the user's, which no narrower type describes
def model_of(job: Job) -> tuple[Callable[..., Any], configured.Values]:
    """The class that a job's ``model`` config names, and its settings.

    Args:
        job: with its config.

    Raises:
        ValueError: see :func:`longnn.runs.configured.instantiate`.
    """
    node = cast(dict, OmegaConf.to_container(job.config.model, resolve=True))
    return configured.model_of(node, job.trust)


def group_of(job: Job) -> str:
    """A key that is equal for jobs that one compiled program can train as one batch.

    They differ in traced values alone: float settings of the model, rates, epochs, patience, seeds.

    Args:
        job: with its config.

    Raises:
        ValueError: if a ``_target_`` of its model cannot be imported.
    """
    from .optim import static_part  # imports jax, as the model does

    model = model_of(job)[1]
    return _key(job, model, static_part(settings(job.config)["optim"], job.trust))


def likely_group_of(job: Job) -> str:
    """The same without importing the model, for a process that shall not import jax.

    Jobs of equal keys are of one program; where a whole number is given for a float, there may be
    more keys than programs.

    Args:
        job: with its config.
    """
    return _key(job, cast(dict[str, Any], OmegaConf.to_container(job.config.model, resolve=True)))


def _key(job: Job, values: dict[str, Any], optim: dict[str, Any] | None = None) -> str:
    traced = {name for name, value in values.items() if isinstance(value, float)}
    decisive = settings(job.config)
    del decisive["seed"], decisive["repeats"]
    decisive["model"] = {k: None if k in traced else v for k, v in decisive["model"].items()}
    decisive["optim"] = _without_numbers(decisive["optim"] if optim is None else optim)
    shared = OmegaConf.to_container(OmegaConf.masked_copy(job.config, list(SHARED)), resolve=True)
    return hash_of([decisive, shared])


def _without_numbers(optim: dict[str, Any]) -> dict[str, Any]:
    groups = {name: sorted(rates) for name, rates in optim["groups"].items()}
    schedule = optim.get("schedule", {}).get("name")
    used = [name for name in OPTIONAL if name in optim]  # others are as they always were
    left = {k: v for k, v in optim.items() if k not in (*TRACED, *OPTIONAL)}
    return left | {"groups": groups, "schedule": schedule, "used": used}
