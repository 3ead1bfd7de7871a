"""Run directories of every model opened again, and what is said of those that cannot be."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import longnn
from longnn.runs.directory import SCHEMA, RunDirectoryError
from longnn.runs.parameters import named
from tests.longnn.models.cases import MODELS, randomized
from tests.toy import C, F, N

RUNS = 2


def written(folder, name):
    """A run directory of two models with parameters far from the initial ones."""
    model, settings, _ = MODELS[name]
    models = [randomized(name, scale=0.1 * (1 + run)) for run in range(RUNS)]
    params = [named(nnx.state(made, nnx.Param)) for made in models]
    stacked = {key: np.stack([p[key] for p in params]) for key in params[0]}
    folder.mkdir(exist_ok=True)
    np.savez(folder / "parameters.npz", **stacked)
    part = np.arange(N, dtype=np.int8)[None] % 3
    np.savez(folder / "predictions.npz", probabilities=np.full((RUNS, N, C), 1 / C), part=part)
    np.savez(folder / "curves.npz", val=np.zeros((RUNS, 3)))
    target = {"_target_": f"longnn.models.{model.__name__}"}
    rates = {
        group: {"lr": 0.1, "weight_decay": 0.0}
        for group in ("mlp", "decomposition", "coefficients", "basis")
    }
    result = {
        "identity": "0" * 64,
        "schema": SCHEMA,
        "model": name,
        "dataset": "toy",
        "dataset_checksum": "d" * 64,
        "split": "stratified",
        "split_hash": "5" * 64,
        "metric": "accuracy",
        "test": {"mean": 55.0, "std": 7.0711, "ci95": 63.531, "n": RUNS},
        "val": {"mean": 50.0, "std": 0.0, "ci95": 0.0, "n": RUNS},
        "per_run": [
            {"split": 0, "seed": run, "val": 50.0, "test": 50.0 + 10 * run, "best_epoch": 2}
            for run in range(RUNS)
        ],
        "seconds": {"train": 1.0},
        "config": {
            "model": target | settings,
            "optim": {"groups": rates, "decay": "factors"},
            "graph": {"keep": "all", "self_loops": 0.0, "degree_exponent": 0.5},
        },
    }
    (folder / "result.json").write_text(json.dumps(result))
    return models


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_itself_again(tmp_path, name):
    models = written(tmp_path, name)
    run = longnn.load(tmp_path)
    assert run.shape == (F, C)
    for number, model in enumerate(models):
        opened = run.model(number)
        assert type(opened) is type(model)
        jax.tree.map(np.testing.assert_array_equal, nnx.state(opened), nnx.state(model))


def test_parameters_by_path(tmp_path):
    written(tmp_path, "longnn")
    run = longnn.load(str(tmp_path))
    assert run.params["filters.0.coefficients.w"].shape == (RUNS, 5, C)
    np.testing.assert_allclose(run.outputs, np.log(1 / C))
    with pytest.raises(ValueError, match="has runs 0 to 1, got 2"):
        run.model(2)


def test_scores_are_those_that_were_recorded(tmp_path):
    written(tmp_path, "longnn")
    run = longnn.load(tmp_path)
    assert run.score().mean == 55.0
    assert list(run.score().values) == [50.0, 60.0]
    assert run.score("val").mean == 50.0
    with pytest.raises(ValueError, match=r'part must be "test" or "val".*got \'train\''):
        run.score("train")


def test_filters_and_exponents_are_those_of_the_fit(tmp_path):
    written(tmp_path, "longnn")
    exponents = np.array([[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]])
    np.savez(tmp_path / "curves.npz", val=np.zeros((RUNS, 3)), alpha=exponents, beta=-exponents)
    run = longnn.load(tmp_path)
    np.testing.assert_array_equal(run.alpha, [0.1, 1.1])
    np.testing.assert_array_equal(run.beta, [-0.1, -1.1])
    lam = np.linspace(0, 2, 5)
    assert run.response(lam).shape == (RUNS, 5, C)
    np.testing.assert_array_equal(run.response(lam), run.fit.response(lam))


def test_a_run_shows_itself_in_ten_lines(tmp_path):
    written(tmp_path, "longnn")
    shown = repr(longnn.load(tmp_path))
    assert len(shown.splitlines()) <= 10
    assert "Run of longnn on toy" in shown
    assert str(tmp_path) in shown
    assert "split: stratified (55555555)" in shown
    assert "test accuracy 55.00 +- 63.53 %" in shown


def changed(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def widened(folder):
    params = dict(np.load(folder / "parameters.npz"))
    params["filters.0.coefficients.w"] = np.zeros((RUNS, 7, C))
    np.savez(folder / "parameters.npz", **params)


SPOILED = {  # what is done to a good directory -> (error, what it says)
    "older layout": (
        lambda d: changed(d / "result.json", schema=2), RunDirectoryError, "has layout 2.*reads 3"
    ),
    "no parameters": (
        lambda d: (d / "parameters.npz").unlink(), RunDirectoryError, "lacks parameters.npz"
    ),
    "half a file": (
        lambda d: (d / "curves.npz").write_bytes((d / "curves.npz").read_bytes()[:99]),
        RunDirectoryError, "curves.npz is damaged",
    ),
    "another shape": (
        widened, RunDirectoryError, r"coefficients.w has shape \(2, 7, 3\) there and \(2, 5, 3\)"
    ),
    "half a result": (
        lambda d: (d / "result.json").write_text('{"iden'), RunDirectoryError, "not a result"
    ),
    "unfinished": (
        lambda d: (d / "result.json").unlink(), FileNotFoundError, "no run has finished there"
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILED)
def test_what_cannot_be_opened_says_why(tmp_path, how):
    spoil, error, message = SPOILED[how]
    written(tmp_path, "longnn")
    spoil(tmp_path)
    with pytest.raises(error, match=message):
        longnn.load(tmp_path)


def test_a_folder_of_runs_names_one(tmp_path):
    written(tmp_path / "a", "longnn")
    with pytest.raises(FileNotFoundError, match=r"holds 1 of them; open one, for instance .*/a"):
        longnn.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such directory"):
        longnn.load(tmp_path / "b")


def test_the_code_of_a_model_is_gone(tmp_path):
    written(tmp_path, "longnn")
    config = json.loads((tmp_path / "result.json").read_text())["config"]
    config["model"]["_target_"] = "longnn.models.Forgotten"
    changed(tmp_path / "result.json", config=config)
    with pytest.raises(ValueError, match=r"cannot be imported: 'longnn.models.Forgotten'"):
        longnn.load(tmp_path)


def test_float32_stays_float32(tmp_path):
    written(tmp_path, "longnn")
    params = {k: v.astype("f4") for k, v in np.load(tmp_path / "parameters.npz").items()}
    np.savez(tmp_path / "parameters.npz", **params)
    assert longnn.load(tmp_path).model().filters[0].terms()[1].dtype == jnp.float32
