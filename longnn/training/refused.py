"""Which trials of a batch a model refuses."""

from collections.abc import Sequence

from longnn.training.builder import Builder, ModelClass, Trial, traced_and_fixed
from longnn.training.loop import Problem


def refusals(
    model: ModelClass, problem: Problem, classes: int, trials: Sequence[Trial]
) -> dict[int, ValueError]:
    """The number of each trial whose settings the model refuses -> what it says."""
    refused = {}
    for number, trial in enumerate(trials):
        traced, fixed = traced_and_fixed([trial])
        builder = Builder(model, 1, classes, problem.features.dtype, fixed)
        try:
            builder.shapes({k: v[0] for k, v in traced.items()})
        except ValueError as error:
            refused[number] = error
    return refused
