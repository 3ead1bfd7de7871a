"""Which sweeps each table is made of."""

from typing import NamedTuple

from longnn.models import NAMES

NINE = (
    "texas",
    "cornell",
    "cora",
    "citeseer",
    "chameleon",
    "actor",
    "squirrel",
    "photo",
    "computers",
)
"""Datasets with measured reference scores and index sets in docs/results/splits."""

PAIR = ("citeseer", "chameleon")
"""Datasets that the other polynomial filters are searched on."""

FAMILY = (*PAIR, "actor", "squirrel")
"""Those that the best of the other polynomial filters are trained on."""

SAME_SPLITS = ("split=file", "split.path=docs/results/splits/${dataset.name}.npz", "repeats=3")

SCALES = "model.scale=orthonormal,monic,standard"

UNTUNED_MODELS = tuple(name for name in NAMES if name not in ("sage", "gat_sep"))
"""Those of the page "fixed"; the others came later, and have no runs there yet."""

UNTUNED = ("model=longnn", "tuned=none")

OPERATORS = ("graph.operator=symmetric,directions",)

CHARGES = ("graph.operator=magnetic", "graph.charge=0.0,0.05,0.1,0.15,0.2,0.25")

ABLATED = ("model.learnable=true,false", "model.layer_norm=false,true")


class Sweep(NamedTuple):
    """A multirun over datasets with these overrides."""

    datasets: tuple[str, ...]
    overrides: tuple[str, ...]


class Target(NamedTuple):
    """A page of docs/results."""

    title: str
    sweeps: tuple[Sweep, ...]


TARGETS = {
    "published": Target(
        "Published hyperparameters, split by split",
        (
            Sweep(NINE, ("model=longnn", *SAME_SPLITS)),
            Sweep(NINE, ("model=jacobiconv", *SAME_SPLITS)),
        ),
    ),
    "searched": Target(
        "LON-GNN after our own search",
        (Sweep(NINE, ("model=longnn", "tuned=search", *SAME_SPLITS)),),
    ),
    "family": Target(
        "Polynomial filters with their authors' values and after our own search",
        (
            Sweep(PAIR, ("model=bernnet,chebnetii,optbasisgnn,favardgnn", *SAME_SPLITS)),
            Sweep(FAMILY[2:], ("model=optbasisgnn,favardgnn", *SAME_SPLITS)),
            Sweep(PAIR[1:], ("model=gprgnn", *SAME_SPLITS)),
            *(
                Sweep(PAIR, (f"model={name}", "tuned=search", *SAME_SPLITS))
                for name in ("gprgnn", "bernnet", "chebnetii", "optbasisgnn", "favardgnn")
            ),
        ),
    ),
    "fixed": Target(
        "Every model on fixed splits",
        (
            Sweep(
                ("chameleon_filtered", "squirrel_filtered", "minesweeper", "actor"),
                (f"model={','.join(UNTUNED_MODELS)}", "split=fixed", "tuned=none"),
            ),
        ),
    ),
    "ablation": Target(
        "What the parts of LON-GNN do",
        tuple(
            Sweep(
                ("texas", "citeseer", "chameleon", "actor"),
                ("model=longnn", *SAME_SPLITS[:2], SCALES, *parts),
            )
            for parts in (
                (*ABLATED, "model.coefficient_decomposition=true", "optim.decay=factors,theta"),
                (*ABLATED, "model.coefficient_decomposition=false", "optim.decay=factors"),
                (
                    "model.coefficient_decomposition=true,false",
                    "model.initial_coefficients=identity",
                ),
            )
        ),
    ),
    "directed": Target(
        "Directed graphs",
        tuple(
            Sweep(datasets, (*UNTUNED, *splits, *operators))
            for datasets, splits in (
                (("chameleon_filtered_directed", "squirrel_filtered_directed"), ()),
                (("photo", "computers"), SAME_SPLITS[:2]),
            )
            for operators in (OPERATORS, CHARGES)
        ),
    ),
}
"""Name of the page -> what it is made of."""


def command(sweep: Sweep, directory: str, only: tuple[str, ...] = ()) -> list[str]:
    """The arguments of ``longnn train`` for a sweep.

    Args:
        sweep: to run.
        directory: hydra.sweep.dir.
        only: datasets; empty for all of the sweep's.

    Returns:
        Arguments; empty where none of the datasets is the sweep's.
    """
    datasets = [name for name in sweep.datasets if not only or name in only]
    if not datasets:
        return []
    shared = ("figures=false", f"hydra.sweep.dir={directory}")
    return ["-m", f"dataset={','.join(datasets)}", *sweep.overrides, *shared]
