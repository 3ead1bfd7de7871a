"""``longnn train``: what a run leaves behind, and when it does not run."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

import longnn
from longnn.training import fit_each
from tests.experiments.conftest import SMALL, result_of

FILES = {
    "config.yaml",
    "confusion.npz",
    "confusion.png",
    "curves.npz",
    "curves.png",
    "exponents.png",
    "filter.png",
    "parameters.npz",
    "predictions.npz",
    "result.json",
}
KEYS = {
    "dataset",
    "model",
    "split",
    "metric",
    "split_hash",
    "versions",
    "seconds",
    "test",
    "val",
    "per_run",
}


def test_run_directory_is_complete(train):
    (directory,) = train(*SMALL, "repeats=2")
    result = result_of(directory)
    assert {f.name for f in directory.iterdir()} >= FILES
    assert result.keys() >= KEYS
    assert (result["dataset"], result["model"]) == ("csbm", "longnn")
    assert (result["split"], result["metric"]) == ("stratified", "accuracy")
    assert set(result["seconds"]) == {"setup", "compile", "train"}
    assert [(r["split"], r["seed"]) for r in result["per_run"]] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert directory.name.startswith("csbm_longnn_stratified-")


@pytest.mark.slow
def test_statistics_are_those_of_the_recorded_probabilities(train):
    (directory,) = train(*SMALL, "repeats=2", "dataset.seed=3")
    result = result_of(directory)
    with np.load(directory / "predictions.npz") as saved:
        predicted, part = saved["probabilities"].argmax(-1), saved["part"]
    labels = np.random.default_rng(3).permutation(np.arange(60) % 2)  # as csbm draws them
    for row, run in zip(predicted, result["per_run"], strict=True):
        for name, code in (("val", 1), ("test", 2)):
            mask = part[run["split"]] == code
            assert run[name] == pytest.approx(100 * np.mean(row[mask] == labels[mask]))
    scores = np.array([run["test"] for run in result["per_run"]])
    half = scores.std(ddof=1) / 2 * stats.t.ppf(0.975, 3)
    assert result["test"] == pytest.approx(
        {"mean": scores.mean(), "std": scores.std(ddof=1), "ci95": half, "n": 4}
    )


@pytest.mark.slow
def test_exponents_are_those_of_the_selected_epoch(train):
    (directory,) = train(*SMALL)
    with np.load(directory / "curves.npz") as curves, np.load(directory / "parameters.npz") as p:
        for i, run in enumerate(result_of(directory)["per_run"]):
            assert run["alpha"] == curves["alpha"][i, run["best_epoch"] - 1]
            raw = p["filters.0.basis.raw_alpha"][i]
            alpha = np.log1p(np.exp(10 * (raw + 0.999))) / 10 - 0.999
            assert run["alpha"] == pytest.approx(alpha, rel=1e-5, abs=1e-6)


@pytest.mark.slow
def test_config_shows_resolved_tuned_values_below_overrides(train):
    small = ("optim.max_epochs=1", "dataset._target_=longnn.data.csbm.generate")
    small += (
        "~dataset.metric",
        "+dataset.nodes=60",
        "+dataset.features=8",
        "figures=false",
        "split=stratified",
    )
    tuned, overridden, plain = (
        yaml.safe_load((directory / "config.yaml").read_text())
        for directory in (
            train("dataset=texas", *small, "hydra.run.dir=a")[0],
            train("dataset=texas", *small, "hydra.run.dir=b", "model.alpha=0.125")[1],
            train("dataset=texas", *small, "hydra.run.dir=c", "tuned=none")[2],
        )
    )
    assert tuned["model"]["alpha"] == 0.75
    assert tuned["optim"]["groups"]["basis"]["lr"] == 0.05
    assert tuned["tuned"]["source"] == "published"
    assert overridden["model"]["alpha"] == 0.125
    assert overridden["model"]["beta"] == tuned["model"]["beta"] == 1.75
    assert plain["model"]["alpha"] == 0.0
    assert plain["tuned"]["source"].startswith("none")


@pytest.mark.slow
def test_multirun_has_one_directory_each_and_default_protocols(train):
    directories = train("-m", *SMALL, "model=longnn,mlp", "seed=0,1")
    assert len(directories) == 4
    results = [result_of(d) for d in directories]
    assert sorted((r["model"], r["config"]["seed"]) for r in results) == [
        ("longnn", 0),
        ("longnn", 1),
        ("mlp", 0),
        ("mlp", 1),
    ]
    assert len({r["identity"] for r in results}) == 4


@pytest.mark.slow
def test_finished_run_is_not_repeated(train):
    (directory,) = train(*SMALL)
    before = (directory / "result.json").stat().st_mtime_ns
    assert train(*SMALL) == [directory]
    assert (directory / "result.json").stat().st_mtime_ns == before
    train(*SMALL, "force=true")
    assert (directory / "result.json").stat().st_mtime_ns != before


@pytest.mark.slow
def test_another_runs_result_is_not_overwritten(train, capsys):
    (directory,) = train(*SMALL, "hydra.run.dir=here")
    before = (directory / "result.json").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        train(*SMALL, "model.alpha=0.5", "hydra.run.dir=here")
    told = capsys.readouterr().err
    assert re.search(r"error: .*holds the result of another run.*hydra.run.dir, or for", told)
    assert (directory / "result.json").read_bytes() == before


@pytest.mark.slow
def test_repeated_run_gives_the_same_numbers(train):
    (directory,) = train(*SMALL)
    first = result_of(directory)
    train(*SMALL, "force=true", "chunk=12")
    second = result_of(directory)
    assert first["per_run"] == second["per_run"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model.alpha=-1"], "alpha must be finite and > -1"),
        (["model.beta=-1.5"], "beta must be finite and > -1"),
        (["model.order=0"], "order .* must be an integer >= 1, got 0"),
        (["model.basis._target_=polybases.Nope"], "imported: .*polybases.Nope'; check each"),
        (["model.embedding=mpl"], "unknown embedding 'mpl'; choose one of mlp, linear"),
        (["optim.decay=both"], "unknown decay 'both'"),
        (["model.dropout=2"], "dropout.* 2"),
        (["graph.degree_exponent=2"], r"must be a number in \[0, 1\], got 2"),
        (["graph.self_loops=-1"], "graph.self_loops must be a number"),
        (["graph.order=hubs"], "unknown order 'hubs'; choose one of given, rcm"),
        (["graph.operator=directed"], "unknown operator 'directed'; choose one of symmetric, magn"),
        (["graph.charge=one"], r"graph.charge must be a number in \(-inf, inf\), got 'one'"),
        (["graph.operator=magnetic"], "'magnetic' needs the directions of edges, .* of 'csbm'"),
        (["precision=half"], "unknown precision 'half'; choose one of full, mixed"),
        (["precision=mixed", "model=gcn"], "reads the edges .* precision 'full', got .* 'mixed'"),
        (["split.count=0"], "number of splits .* got count=0"),
        (["seed=a"], r"seed must be a whole number in \[0, 2147483647\], got 'a'"),
        (["repeats=1.5"], r"repeats must be a whole number in \[1, inf\), got 1.5"),
        (["repeats=0"], "repeats must be a whole number"),
        (["dataset.nodes=abc"], "nodes of .*csbm.generate must be a whole number, got 'abc'"),
        (["dtype=float16"], "dtype must be float32 or float64, got 'float16'"),
        (["dtype=float64", "precision=mixed"], "precision 'mixed' is for dtype float32"),
        (["dataset=npz"], "dataset.path has no value; add dataset.path="),
        (["model.basis=legendre"], "basis of LonGNN must be a class or a function .*, got 'legen"),
        (["dataset.nodes=6e1"], "must be a whole number, got 60.0; write 60"),
        (["model.basis._target_=os.system"], "not trusted; .*LONGNN_TRUST=os"),
        (["+model.foo=1"], "unknown setting of LonGNN: 'foo'"),
        (["+dataset.foo=1"], "unknown setting of longnn.data.csbm.generate: 'foo'"),
        (["+split.foo=1"], "unknown setting of longnn.data.drawn.stratified: 'foo'"),
        (["+optim.groups.mine.lr=1"], "nothing reads the setting 'optim.groups.mine': did you m"),
        (["~optim.patience"], "optim.patience has no value"),
        (["backend=sparse"], "unknown backend 'sparse'; choose"),
        (["split=fixed"], "fixed"),
        (["split=file", "~split.count"], "split.path="),
        (["split=file", "split.path=nowhere.npz"], "nowhere.npz"),
        (["split.train=1.5"], "train"),
        (["optim.groups.mlp.lr=nan"], r"mlp.lr must be a number in \[0, inf\), got nan"),
        (["optim.groups.mlp.lr=-1"], "mlp.lr must be a number"),
        (["optim.groups.mlp.lr=fast"], "optim.groups.mlp.lr must be a number .*, got 'fast'"),
        (["~optim.groups.mlp.lr"], r"optimizer group 'mlp' has no lr"),
        (["~optim.groups.decomposition"], r"group\(s\) \['decomposition'\]"),
    ],
)
def test_bad_settings_are_explained(train, tmp_path, capsys, overrides, message):
    group = overrides[0].partition("=")[0]  # whose file has other settings
    small = [s for s in SMALL if not ("=" in overrides[0] and s.startswith(f"{group}."))]
    overrides = [o for o in overrides if o != "~split.count"]
    code = "1" if "nowhere.npz" in message else "2"
    with pytest.raises(SystemExit, match=code):
        train(*small, *overrides)
    shown = capsys.readouterr()
    (told,) = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert re.search(message, told)
    assert "Traceback" not in shown.out + shown.err
    assert not list(tmp_path.iterdir())


def test_with_full_errors_the_traceback_is_kept(train, monkeypatch, tmp_path):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ValueError, match="precision"):
        train(*SMALL, "precision=half")
    with pytest.raises(ValueError, match="seed must be"):
        train(*SMALL, "seed=-1")
    assert not list(tmp_path.iterdir())


def test_what_lies_in_a_directory_is_left_there(train, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit, match="2"):
        train(*SMALL, "seed=-1", "hydra.run.dir=here")
    assert (tmp_path / "here" / "notes.txt").read_text() == "mine"


def test_double_precision(train, tmp_path):
    """The same run in more digits: what float32 rounds, and no more."""
    for dtype in ("float32", "float64"):
        train(*SMALL, f"dtype={dtype}", f"hydra.run.dir={dtype}", "figures=false")
    single, double = (longnn.runs.read(tmp_path / dtype) for dtype in ("float32", "float64"))
    for name, values in double.parameters.items():
        assert (values.dtype, single.parameters[name].dtype) == (np.float64, np.float32)
    stored = double.predictions["probabilities"]
    assert (stored.dtype, double.curves["loss"].dtype) == (np.float64, np.float64)
    apart = np.abs(single.curves["loss"] - double.curves["loss"])
    assert 1e-9 < apart[:, 0].max() < 1e-6
    assert apart.max() < 1e-3
    assert single.result.identity != double.result.identity
    assert "dtype" in double.result.config
    reopened = longnn.load(tmp_path / "float64")
    np.testing.assert_allclose(reopened.predict().outputs, reopened.outputs, atol=1e-12)


def test_an_error_that_no_message_explains_keeps_its_traceback(train, monkeypatch):
    def broken(*args, **options):
        raise KeyError("nothing that a user did")

    monkeypatch.setattr("longnn.experiments.jobs.fits.fit_each", broken)
    with pytest.raises(KeyError, match="nothing that a user did"):
        train(*SMALL)


def _start(folder: Path, *overrides: str) -> subprocess.Popen:
    train = [sys.executable, "-m", "longnn.experiments", "train"]
    return subprocess.Popen(
        [*train, *SMALL, "hydra.run.dir=run", *overrides],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_killed_run_leaves_no_result_and_is_completed(train, tmp_path):
    endless = ("optim.max_epochs=100000", "optim.patience=100000", "chunk=200",
               "compilation_cache=null")  # fmt: skip
    with _start(tmp_path, *endless) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "epoch 200/" in line:  # it is training now
                break
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "run" / "result.json").exists()
    (directory,) = train(*SMALL, "hydra.run.dir=run")
    assert result_of(directory)["test"]["n"] == 2


@pytest.mark.parametrize("arguments", [("--help",), ("hydra/launcher=joblib", "--cfg", "hydra")])
def test_start_imports_nothing_large(arguments):
    """Hydra's discovery of plugins included."""
    code = (
        f"import sys; sys.argv = ['train', *{arguments}]\n"
        "from longnn.experiments.train import main\n"
        "try: main()\nfinally:\n    for name in ('jax', 'flax', 'optuna', 'joblib', 'submitit'):\n"
        "        assert name not in sys.modules, name"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    if arguments == ("--help",):
        assert done.stdout.count("longnn train") >= 5
        assert len(done.stdout.splitlines()) < 50
        assert "dataset: actor, amazon_ratings" in done.stdout
        for setting in ("chunk=50 ", "checkpoint_seconds=60 ", "memory_gb=4 ", "on_error=record "):
            (line,) = [line for line in done.stdout.splitlines() if setting in line]
            assert len(line.split()) > 4, line  # a few words on it
        assert "basic|vmap|joblib|submitit_local|submitit_slurm" in done.stdout


def test_runs_that_diverge_are_named(train, monkeypatch):
    def fit_with_one_divergence(*args, **options):
        for number, trained in fit_each(*args, **options):
            trained.runs[1]["diverged"] = True
            yield number, trained

    monkeypatch.setattr("longnn.experiments.jobs.fits.fit_each", fit_with_one_divergence)
    (directory,) = train(*SMALL)
    assert result_of(directory)["diverged"] == 1
    assert "1 of 2 runs diverged: their training loss" in (directory / "train.log").read_text()


def test_rates_of_a_group_that_the_model_does_not_have_are_named(train):
    folders = train(*SMALL, "-m", "model=mlp", "optim.groups.basis.lr=0.5,0.01")
    told = "optim.groups.basis changed nothing: no parameter of the model is in that group, they"
    logs = {result_of(f)["config"]["optim"]["groups"]["basis"]["lr"]: f for f in folders}
    assert told in (logs[0.5] / "train.log").read_text()
    assert "changed nothing" not in (logs[0.01] / "train.log").read_text()
