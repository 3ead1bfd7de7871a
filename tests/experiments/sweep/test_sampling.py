"""What a trial is drawn from: its number alone, so that processes never draw the same."""

import optuna
import pytest
from longnn.experiments.sweep.sampling import SAMPLERS, decided, grid, sampler_of, suggest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

SPACE = {
    "choice": CategoricalDistribution([0.1, "b", True]),
    "plain": FloatDistribution(-1.0, 2.0),
    "log": FloatDistribution(1e-4, 1.0, log=True),
    "step": FloatDistribution(0.0, 0.9, step=0.3),
    "whole": IntDistribution(2, 11, step=3),
    "whole log": IntDistribution(1, 1000, log=True),
}
FINITE = {key: SPACE[key] for key in ("choice", "step", "whole")}


def drawn(name: str, number: int, seed: int = 0, space=FINITE) -> dict:
    """The values of a trial in a study of its own."""
    study = optuna.create_study(sampler=sampler_of(name, seed, number))
    fixed = decided(name, space, seed, number)
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING, system_attrs={"fixed_params": fixed}
        )
    )
    trial = study.ask()
    suggest(trial, space)
    return trial.params


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_number_decides(name):
    space = FINITE if name == "grid" else SPACE
    values = [drawn(name, number, space=space) for number in range(12)]
    assert values == [drawn(name, number, space=space) for number in range(12)]
    assert len({repr(one) for one in values}) == 12
    assert values != [drawn(name, number, seed=1, space=space) for number in range(12)]
    for one in values:
        for key, distribution in space.items():
            assert distribution._contains(distribution.to_internal_repr(one[key]))


def test_a_grid_is_each_combination_once():
    values = {repr(drawn("grid", number)) for number in range(3 * 4 * 4)}
    assert len(values) == 3 * 4 * 4
    assert [len(v) for v in grid(FINITE).values()] == [3, 4, 4]


def test_qmc_fills_each_range_evenly():
    values = [decided("qmc", SPACE, 0, number) for number in range(64)]
    for key, bins in (("choice", 3), ("step", 4), ("whole", 4)):
        counts = [sum(one[key] == v for one in values) for v in grid({key: SPACE[key]})[key]]
        assert len(counts) == bins
        assert max(counts) - min(counts) <= 2, counts
    assert sum(one["plain"] < 0.5 for one in values) == 32
    assert sum(one["log"] < 1e-2 for one in values) == 32


@pytest.mark.parametrize("name", ["best", ""])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="choose one of tpe, random, grid, qmc"):
        sampler_of(name, 0, 0)
