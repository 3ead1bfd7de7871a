"""How a config says how a run is trained: schedules, options, losses and transformations."""

import numpy as np
import optax
import pytest
from longnn.experiments.config.checked import check_config
from longnn.experiments.config.cli import CONF
from longnn.experiments.jobs.job import group_of
from longnn.experiments.jobs.optim import optim_of
from longnn.experiments.jobs.result import plain

import longnn
from longnn.runs import sources
from longnn.training import Cosine, Optim
from tests.experiments.conftest import SMALL, result_of
from tests.experiments.sweep.test_together import job
from tests.experiments.test_identity import name

QUICK = (*SMALL, "figures=false", "compilation_cache=null", "model=mlp")


def optim(*overrides, trust=()):
    return optim_of(plain(job(*overrides).config.optim), trust)


def test_the_defaults_are_those_of_python():
    assert optim() == Optim(
        rates=longnn.training.DEFAULT_RATES, schedule=longnn.training.Constant()
    )


def test_values_reach_the_trainer():
    found = optim(
        "optim/schedule=cosine", "optim.schedule.floor=0.1", "optim.clip=2", "optim.ema=0.9",
        "optim.class_weights=[1,2]", "optim.label_smoothing=0.1", "optim.stop=val_loss",
        "optim.patience_counts=not_better",
    )  # fmt: skip
    assert found.schedule == Cosine(floor=0.1)
    assert (found.clip, found.ema, found.label_smoothing) == (2, 0.9, 0.1)
    assert (found.class_weights, found.stop) == ([1, 2], "val_loss")
    assert found.patience_counts == "not_better"


ADAMW = ("++optim.transformation._target_=optax.adamw", "++optim.transformation.learning_rate=0.1")
CHAIN = (
    "optim.transformation={_target_:optax.chain,_args_:[{_target_:optax.clip,max_delta:0.1},"
    "{_target_:optax.sgd,learning_rate:0.5}]}",
)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [(ADAMW, optax.adamw(0.1)), (CHAIN, optax.chain(optax.clip(0.1), optax.sgd(0.5)))],
)
def test_a_transformation_of_optax(overrides, expected):
    recipe = optim(*overrides).transformation
    assert recipe == optim(*overrides).transformation
    other = optim(*(word.replace("rate=0.1", "rate=0.3").replace("rate:0.5", "rate:0.7")
                    for word in overrides)).transformation  # fmt: skip
    assert other.make is recipe.make, "one object is compiled once"
    assert other.numbers != recipe.numbers
    made = recipe.made()
    params, slope = {"a": np.array([1.0, -2.0])}, {"a": np.array([3.0, 0.01])}
    got, _ = made.update(slope, made.init(params), params)
    wanted, _ = expected.update(slope, expected.init(params), params)
    np.testing.assert_allclose(got["a"], wanted["a"], rtol=1e-12)


def test_a_transformation_for_each_group():
    by_group = "{mlp:{_target_:optax.sgd,learning_rate:0.1},basis:{_target_:optax.lbfgs}}"
    made = optim(f"optim.transformation={by_group}").transformation
    assert set(made) == {"mlp", "basis"}, "lbfgs asks for values, so that nothing is traced"
    by_group = (
        "{mlp:{_target_:optax.sgd,learning_rate:0.1},basis:{_target_:optax.adam,learning_rate:0.2}}"
    )
    made = optim(f"optim.transformation={by_group}").transformation
    assert (set(made.made()), made.numbers) == ({"mlp", "basis"}, (0.1, 0.2))


def test_numbers_that_are_asked_in_python_stay_as_they_are():
    made = optim(*ADAMW, "++optim.transformation.nesterov=true").transformation
    assert made.numbers == (0.1,)
    words = "{_target_:optax.contrib.reduce_on_plateau,factor:0.5}"
    assert not hasattr(optim(f"optim.transformation={words}").transformation, "numbers")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["optim.clip=0"], r"optim.clip must be a number in \(0, inf\) or null"),
        (["optim.ema=1"], "optim.ema must be"),
        (["optim/schedule=cosine", "optim.schedule.floor=2"], "optim.schedule.floor must be"),
        (["++optim.schedule.every=3"], "nothing reads the setting 'optim.schedule.every'"),
        (["optim.schedule.name=cosine"], "optim.schedule.epochs has no value; choose a schedule"),
        (["optim.schedule.name=linear"], "there is no schedule 'linear'; choose optim/schedule="),
        (["optim.stop=val_los"], "unknown stop 'val_los'; did you mean val_loss"),
        (["optim.class_weights=heavy"], "class_weights must be balanced, or a list"),
        (["optim.loss=elsewhere.loss"], "LONGNN_TRUST=elsewhere"),
        (["optim.transformation=adamw"], "optim.transformation must be a mapping, got 'adamw'"),
        ([*ADAMW, "optim.decay=theta"], "decay='theta' takes its strength"),
    ],
)
def test_refused(overrides, message):
    config = job(*overrides).config

    def read():
        check_config(config)
        return optim_of(plain(config.optim))

    with pytest.raises(ValueError, match=message):
        read()


TOGETHER = {
    "optim.clip=2": "optim.clip=3",
    "optim.class_weights=balanced": "optim.class_weights=[1,2]",
    "optim.label_smoothing=0.1": "optim.label_smoothing=0.3",
    "optim.ema=0.5": "optim.ema=0.9",
}
COSINE = "optim/schedule=cosine"


@pytest.mark.parametrize("one", TOGETHER)
def test_jobs_that_differ_in_numbers_are_one_batch(one):
    assert group_of(job(one)) == group_of(job(TOGETHER[one])) != group_of(job())
    floored = job(COSINE, "optim.schedule.floor=0.1", "optim.schedule.epochs=9")
    assert group_of(floored) == group_of(job(COSINE))


@pytest.mark.parametrize("other", [COSINE, "optim.stop=loss", "optim.patience_counts=not_better"])
def test_jobs_of_another_kind_are_another_batch(other):
    assert group_of(job(other)) != group_of(job())


def test_settings_with_their_defaults_leave_a_run_its_name():
    spelled = ("optim/schedule=constant", "optim.clip=null", "optim.stop=val",
               "optim.label_smoothing=0")  # fmt: skip
    assert name(*spelled) == name()
    assert name("optim.clip=1") != name()
    assert name(COSINE) != name()


LOSS = """
import jax.numpy as jnp

def flat(outputs, labels, mask):
    return 0.0 * outputs.sum() + {value}
"""


def test_a_loss_of_ones_own(tmp_path, train, monkeypatch):
    (tmp_path / "own_loss.py").write_text(LOSS.format(value=7.0))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("LONGNN_TRUST", "own_loss")
    (directory,) = train(*QUICK, "optim.loss=own_loss.flat")
    curves = np.load(directory / "curves.npz")
    np.testing.assert_allclose(curves["loss"][:, :12], 7.0)
    monkeypatch.delenv("LONGNN_TRUST")
    assert longnn.load(directory).fit.curves["val_loss"][0, 0] == 7.0, "its code is not needed"
    before = name("optim.loss=own_loss.flat")
    (tmp_path / "own_loss.py").write_text(LOSS.format(value=8.0))
    sources._bytes.cache_clear()
    assert name("optim.loss=own_loss.flat") != before, "the source belongs to the run"


@pytest.mark.slow
def test_a_run_by_transformation_and_schedule_opens_again(train, capsys):
    words = (*QUICK, "optim.transformation._target_=optax.sgd", "optim/schedule=warmup_cosine",
             "optim.transformation.learning_rate=0.5", "optim.schedule.warmup=4",
             "optim.stop=val_macro_f1", "optim.ema=0.5", "optim.groups.mlp.lr=0.5")  # fmt: skip
    (directory,) = train(*words)
    run = longnn.load(directory)
    np.testing.assert_allclose(run.fit.curves["rate"][0, [0, 2, 4, 8]], [0, 0.5, 1, 0.5], atol=1e-6)
    assert "val_macro_f1" in run.fit.curves
    assert result_of(directory)["config"]["optim"]["transformation"]["learning_rate"] == 0.5
    assert "optim.groups.mlp changed nothing: optim.transformation" in capsys.readouterr().out


def test_files_of_schedules_are_those_of_the_trainer():
    files = {file.stem for file in (CONF / "optim" / "schedule").glob("*.yaml")}
    assert files == set(longnn.training.schedules.SCHEDULES)
