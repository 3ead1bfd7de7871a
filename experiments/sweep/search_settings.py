"""How to search, with the defaults; imports neither jax nor Optuna, since Hydra reads it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class SearchSettings:
    """Settings of a search, ``hydra.sweeper.*`` on the command line.

    Attributes:
        params: the search space, key -> choices or range (``longnn.experiments.sweep.space``).
        trials: number of trials that the study shall hold, at least 1.
        batch: number of trials that are asked for at a time, at least 1.
        sampler: "tpe", "random", "grid" or "qmc".
        pruner: "none", "median" or "halving"; acts between chunks with the launcher vmap.
        storage: "journal", "sqlite" or a URL.
        seed: random seed of the sampler.
        splits: number of splits that the validation score is the mean of; with split=fixed the
            first masks of the file.
        first_split_seed: random seed of the first of these splits.
        finalists: number of best trials that are trained once more, on more splits, which decide;
            0 for none.
        final_splits: number of these splits, more than `splits`.
        wait: whether to wait for trials that other processes work on, and to take over those that
            are killed.
    """

    # the annotation is OmegaConf's, which reads the values as they come from YAML
    params: dict[str, Any] = field(default_factory=dict)
    trials: int = 100
    batch: int = 20
    sampler: str = "tpe"
    pruner: str = "none"
    storage: str = "journal"
    seed: int = 0
    splits: int = 3
    first_split_seed: int = 1000
    finalists: int = 0
    final_splits: int = 10
    wait: bool = True
