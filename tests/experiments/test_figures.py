"""The figures of a run directory begin where training began."""

import pytest
from longnn.experiments.jobs.figures import start_of

from tests.experiments.report.made import result, run_of


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({"alpha": 0.5, "beta": 1}, (0.5, 1.0)),
        ({"alpha": 0.5}, None),  # a model of a user's own may call them otherwise
        ({"alpha": "learned", "beta": 0.0}, None),
        ({}, None),
    ],
)
def test_the_start_of_the_exponents_is_that_of_the_config(settings, start):
    assert start_of(run_of(result(**settings))) == start
