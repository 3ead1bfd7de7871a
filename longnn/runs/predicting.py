"""What the models of a run directory take, by what its result says."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from longnn.data.dataset import Dataset
from longnn.data.labels import REGRESSION_METRICS
from longnn.data.own import Options
from longnn.graphs.convert import Rules
from longnn.runs import configured
from longnn.runs.prepared import Prepared
from longnn.runs.result import Result
from longnn.training.directions import CHARGE
from longnn.training.inputs import Inputs
from longnn.training.problem import Graphs

OWN = ("longnn.data.npz.load", "longnn.data.edgelist.load")
"""The loaders whose settings say how edges are merged."""


def graphs_of(config: Mapping[str, Any], trust: Iterable[str]) -> Graphs:
    """How an operator is made of a graph for the models of a run.

    Args:
        config: of the run, plain values.
        trust: names of modules whose code the config may name.
    """
    graph = config["graph"]
    model, _ = configured.model_of(config["model"], trust)
    return Graphs(
        self_loops=graph["self_loops"],
        degree_exponent=graph["degree_exponent"],
        operator=graph.get("operator", "symmetric"),
        charge=graph.get("charge", CHARGE),
        # runs of before these settings have none
        order=graph.get("order", "given"),
        precision=config.get("precision", "full"),
        dtype=config.get("dtype", "float32"),
        model=model,
    )


def inputs_of_run(
    result: Result, shape: tuple[int, int], prepared: Prepared, trust: Iterable[str]
) -> Inputs:
    """What the models of a run take, and what their outputs mean.

    Args:
        result: of the run.
        shape: (F, C).
        prepared: what was done to its features.
        trust: names of modules whose code its config may name.
    """
    numbers = tuple(map(str, range(shape[1])))
    return Inputs(
        features=shape[0],
        classes=() if result.metric in REGRESSION_METRICS else result.class_names or numbers,
        graphs=_graphs_by_nodes(result.config, trust),
        preparation=prepared.preparation,
        feature_names=prepared.feature_names,
        rules=rules_of(result.config["dataset"]),
        title=result.title,
    )


def _graphs_by_nodes(config: Mapping[str, Any], trust: Iterable[str]) -> Graphs:
    """The same with the nodes over as many devices as in training."""
    graphs, count = graphs_of(config, trust), config.get("nodes_over", 1)
    if count > 1:
        graphs["nodes_over"] = count
    return graphs


def rules_of(dataset: Mapping[str, Any]) -> Rules:
    """The rules by which the edges of a run's dataset were merged; the usual ones of an upstream.

    Args:
        dataset: its config, plain values.
    """
    usual = Options()
    if dataset["_target_"] not in OWN:
        return usual.rules()
    names = ("directions", "duplicates", "self_loops")
    return replace(usual, **{k: dataset[k] for k in names if k in dataset}).rules()


def check_classes(given: Dataset, result: Result, shape: tuple[int, int]) -> None:
    """Raises a ValueError unless a dataset has the features and classes of a run.

    Args:
        given: the dataset.
        result: of the run.
        shape: (F, C).
    """
    found = given.features.shape[1], given.classes
    if found != shape:
        raise ValueError(
            f"{result.title} takes {shape[0]} features and gives {shape[1]} outputs, dataset "
            f"{given.name!r} has {found[0]} features and {found[1]} classes; give a graph with the "
            "same features and classes"
        )
    names = result.class_names
    if names and given.class_names != names:
        raise ValueError(
            f"{result.title} was trained on the classes {', '.join(names)}, dataset "
            f"{given.name!r} has {', '.join(given.class_names)}; give a graph with the same "
            "classes, or class_names of the run if they mean the same"
        )
