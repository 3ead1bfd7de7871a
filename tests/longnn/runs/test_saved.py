"""Run directories of every model opened again, and what is said of those that cannot be."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import longnn
from longnn.runs import agreement
from longnn.runs.directory import RunDirectoryError
from tests.longnn.models.cases import MODELS
from tests.longnn.runs.made import RUNS, written
from tests.toy import C, F


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
    with pytest.raises(ValueError, match="unknown part 'all'"):
        run.score("all")
    with pytest.raises(longnn.runs.RunDirectoryError, match="what is read now has"):
        run.score("train")  # was not recorded, so that data are read


def test_filters_and_exponents_are_those_of_the_fit(tmp_path):
    written(tmp_path, "longnn")
    run = longnn.load(tmp_path)
    np.testing.assert_array_equal(run.alpha, [0.1, 1.1])
    np.testing.assert_array_equal(run.beta, [-0.1, -1.1])
    lam = np.linspace(0, 2, 5)
    assert run.response(lam).shape == (RUNS, 5, C)
    np.testing.assert_array_equal(run.response(lam), run.fit.response(lam))


def test_a_run_shows_itself_in_ten_lines(tmp_path):
    written(tmp_path, "longnn")
    run = longnn.load(tmp_path)
    shown = repr(run)
    assert len(shown.splitlines()) <= 10
    assert "Run of longnn on toy" in shown
    assert str(tmp_path) in shown
    assert f"split: stratified ({run.result.split_hash[:8]})" in shown
    assert "test accuracy 55.00 +- 63.53 %" in shown


def changed(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def widened(folder):
    params = dict(np.load(folder / "parameters.npz"))
    params["filters.0.coefficients.w"] = np.zeros((RUNS, 7, C))
    np.savez(folder / "parameters.npz", **params)


def asked(folder, **model):
    config = json.loads((folder / "result.json").read_text())["config"]
    changed(folder / "result.json", config=config | {"model": config["model"] | model})


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
    "too many layers": (
        lambda d: asked(d, placement="stacked", layers=10**8),
        RunDirectoryError, "model.layers=100000000 in its config, where 2,000 is the most",
    ),
    "too many terms of another's": (
        lambda d: asked(d, basis={"_target_": "polybases.chebyshev", "order": 2 * 10**9}),
        RunDirectoryError, r"model.basis.order=2000000000 in its config",
    ),
    "unfinished": (
        lambda d: (d / "result.json").unlink(), FileNotFoundError, "no run has finished there"
    ),
}  # fmt: skip


def test_numbers_of_trusted_code_may_mean_anything(tmp_path):
    own = {"_target_": "mine.Model", "since": 1_700_000_000, "basis": {"widths": [10**9]}}
    agreement.check_counts(tmp_path, "model", own, 2000)
    ours = own | {"_target_": "longnn.models.MLP"}
    with pytest.raises(RunDirectoryError, match=r"model.since=1700000000 in its config"):
        agreement.check_counts(tmp_path, "model", ours, 2000)
    with pytest.raises(RunDirectoryError, match=r"model.basis.widths.0=10{9} in"):
        agreement.check_counts(tmp_path, "model", ours | {"since": 1.7e9, "seed": 10**9}, 2000)


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
