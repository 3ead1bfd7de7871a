"""Searches: the study holds what was asked for, whatever happened in between."""

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.reproduce.trials import trials_of
from longnn.experiments.sweep import search as search_module
from longnn.experiments.sweep import study as studies
from longnn.experiments.sweep.__main__ import main as sweep_command
from longnn.experiments.sweep.outcome import search_outcome
from longnn.experiments.sweep.storage import open_storage
from longnn.experiments.tuned import entry_of
from omegaconf import OmegaConf
from optuna.trial import TrialState

from tests.experiments.conftest import result_of

SEARCH = ("-m", "sweep=longnn", "dataset.nodes=60", "dataset.features=8", "chunk=5",
          "optim.max_epochs=12", "hydra.sweep.dir=found", "hydra.sweeper.batch=6",
          "model.placement=after", "model.order=4", "model.coefficient_decomposition=true",
          "model.initial_coefficients=ones")  # fmt: skip


def opened(directory: Path) -> optuna.Study:
    storage = open_storage(directory, "journal")
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


@pytest.fixture
def search(train, tmp_path):
    """``search(*overrides)`` gives the study's directory."""

    def call(*overrides: str) -> Path:
        train(*SEARCH, *overrides)
        return tmp_path / "found"

    return call


@pytest.mark.slow
def test_a_search_on_splits_of_its_own(search, capsys):
    found = search("hydra.sweeper.trials=14")
    trials = opened(found).get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 14
    for trial in trials:
        result = result_of(found / trial.user_attrs["directory"])
        assert trial.value == result["val"]["mean"]
        assert result["config"]["split"]["first_seed"] == 1000
        assert result["val"]["n"] == 3
        assert result["config"]["model"]["alpha"] == pytest.approx(trial.params["model.alpha"])
        assert "model.order" not in trial.params, "given, so not searched"
        assert result["config"]["model"]["order"] == 4
    (file,) = found.glob("search-*.json")
    best = json.loads(file.read_text())
    assert best["validation"] == max(trial.value for trial in trials)
    said = capsys.readouterr().out
    assert best["report"] in said
    assert "test accuracy" not in said, "a search shows no test scores"
    arguments = shlex.split(best["report"])
    assert not [a for a in arguments if a.startswith(("split.", "sweep="))]
    assert "model=longnn" in arguments, "which the space may have chosen"
    names = {f.name for f in (found / f"{file.stem}-figures").iterdir()}
    assert names == {"history.png", "parameters.png", "importances.png"}
    (sweep,) = found.glob("sweep-search-*.json")
    assert len(json.loads(sweep.read_text())["jobs"]) == 14
    # the same command again has nothing to do; one that wants more goes on
    before = [file.stat().st_mtime_ns for file in sorted(found.glob("*/result.json"))]
    search("hydra.sweeper.trials=14")
    assert len(opened(found).get_trials()) == 14
    search("hydra.sweeper.trials=16")
    assert len(opened(found).get_trials()) == 16
    after = [file.stat().st_mtime_ns for file in sorted(found.glob("*/result.json"))]
    assert set(before) <= set(after)


@pytest.mark.slow
def test_the_reported_splits_share_no_seed_with_those_that_choose(search, train):
    found = search("hydra.sweeper.trials=2", "figures=false")
    (file,) = found.glob("search-*.json")
    command = shlex.split(json.loads(file.read_text())["report"])[3:]
    train(*command, "hydra.run.dir=reported", "figures=false")
    reported = result_of(found.parent / "reported")
    chosen = {result_of(run.parent)["split_hash"] for run in found.glob("*/result.json")}
    assert reported["split_hash"] not in chosen
    assert reported["config"]["split"]["first_seed"] == 0


@pytest.mark.slow
def test_finals_decide(search):
    finals = ("hydra.sweeper.splits=1", "hydra.sweeper.finalists=2", "hydra.sweeper.final_splits=3")
    found = search("hydra.sweeper.trials=5", "figures=false", *finals)
    trials = opened(found).get_trials()
    first = sorted(trials, key=lambda trial: -trial.value)[:2]
    outcome = search_outcome(found)
    assert set(outcome.finals.values()) == {t.user_attrs["directory"] for t in first}
    scores = {}
    for directory, screened in outcome.finals.items():
        result, before = result_of(found / directory), result_of(found / screened)
        assert (before["val"]["n"], result["val"]["n"]) == (1, 3)
        assert result["config"]["model"] == before["config"]["model"]
        assert result["config"]["split"]["first_seed"] == 1000
        scores[directory] = result["val"]["mean"]
    assert outcome.directory == max(scores, key=lambda name: scores[name])
    assert outcome.validation == max(scores.values())
    chosen = next(t for t in first if outcome.finals[outcome.directory] in t.user_attrs.values())
    assert outcome.params == chosen.params
    seen = trials_of(found)
    assert len(seen["validation"]) == 5
    assert seen["validation"][0] == pytest.approx(chosen.value, abs=1e-3)
    assert entry_of(found).content["tuned"]["search"]["splits"] == "stratified, seeds 1000 to 1002"
    before = [file.stat().st_mtime_ns for file in sorted(found.glob("*/result.json"))]
    assert len(before) == 7
    search("hydra.sweeper.trials=5", "figures=false", *finals)
    assert before == [file.stat().st_mtime_ns for file in sorted(found.glob("*/result.json"))]


@pytest.mark.slow
def test_masks_that_a_file_ships_choose_by_their_validation_parts(train, tmp_path):
    rng = np.random.default_rng(0)
    part = rng.permuted(np.tile(np.arange(60) % 3, (4, 1)), axis=1)
    edges, x = rng.integers(60, size=(200, 2)), rng.standard_normal((60, 8))
    labels = np.arange(60) % 2
    np.savez(tmp_path / "own.npz", edges=edges, features=x, labels=labels, part=part)
    train("-m", "sweep=block_filter", "model=chebnetii", "dataset=npz", "dataset.path=own.npz",
          "split=fixed", "hydra.sweeper.trials=2", "hydra.sweeper.splits=2",
          "hydra.sweeper.finalists=0", "optim.max_epochs=5", "hydra.sweep.dir=found")  # fmt: skip
    found = tmp_path / "found"
    outcome = search_outcome(found)
    result = result_of(found / outcome.directory)
    assert result["val"]["n"] == 2
    assert result["config"]["split"]["count"] == 2
    assert entry_of(found).content["tuned"]["search"]["splits"] == "fixed, the first 2 masks"
    (file,) = found.glob("search-*.json")
    command = shlex.split(json.loads(file.read_text())["report"])[2:]
    assert "++model.placement=stacked" in command, "which the model's file does not have"
    train(*command, "hydra.run.dir=reported", "figures=false")
    reported = result_of(tmp_path / "reported")
    assert reported["val"]["n"] == 4
    assert reported["config"]["model"] == result["config"]["model"]


@pytest.mark.slow
def test_failed_trials_are_told(search, tmp_path):
    values = ("sweep=optuna", "optim.groups.mlp.lr=0.01,nan", "hydra.sweeper.trials=9",
              "hydra.sweeper.sampler=grid", "model.alpha=0.0,0.5")  # fmt: skip
    with pytest.raises(SystemExit) as stopped:  # not all of them are done
        search(*values)
    assert stopped.value.code == 1
    found = tmp_path / "found"
    states = [trial.state for trial in opened(found).get_trials()]
    assert states.count(TrialState.COMPLETE) == 2
    assert states.count(TrialState.FAIL) == 2
    assert len(states) == 4, "a grid has no more"


@pytest.mark.slow
def test_pruning_between_chunks(search, monkeypatch):
    class Every(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            return trial.number % 2 == 1

    monkeypatch.setattr(studies, "_pruner", lambda _: Every())
    found = search("hydra.sweeper.trials=4", "optim.max_epochs=20", "hydra.sweeper.pruner=median")
    for trial in opened(found).get_trials():
        pruned = trial.number % 2 == 1
        assert trial.state == (TrialState.PRUNED if pruned else TrialState.COMPLETE)
        assert list(trial.intermediate_values) == ([5] if pruned else [5, 10, 15])
        run = found / trial.user_attrs["directory"]
        assert (run / "result.json").exists() == (not pruned)


@pytest.mark.slow
def test_killed_and_taken_up(search, tmp_path):
    """Killed once its first trials are done; the study ends with what was asked for."""
    command = [sys.executable, "-m", "longnn.experiments", "train", *SEARCH,
               "hydra.sweeper.trials=12", "hydra/launcher=basic", "sweep=optuna", "model.hidden=8",
               "model.dropout=interval(0,0.8)"]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "files in" in line:
                break
        process.kill()
    study = opened(tmp_path / "found")
    left = [t.number for t in study.get_trials() if t.state == TrialState.RUNNING]
    assert left
    done = list((tmp_path / "found").glob("*/result.json"))
    assert 1 <= len(done) < 6
    times = {file: file.stat().st_mtime_ns for file in done}
    search(*command[len(SEARCH) + 4 :])
    trials = opened(tmp_path / "found").get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 12
    assert {file: file.stat().st_mtime_ns for file in done} == times


@pytest.mark.slow
def test_equal_values_take_the_result_that_is_there(search, capsys):
    values = ("sweep=optuna", "hydra.sweeper.sampler=random", "hydra.sweeper.trials=8",
              "model.dropout=choice(0.1,0.5)", "hydra.sweeper.batch=3")  # fmt: skip
    found = search(*values)
    trials = opened(found).get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 8
    assert len({trial.value for trial in trials}) == len(list(found.glob("*/result.json"))) == 2
    assert len(list(found.glob("*/attempt-*.json"))) == 2, "none was trained twice"
    capsys.readouterr()
    assert sweep_command(["status", str(found)]) == 0
    assert "8 jobs: 8 done" in capsys.readouterr().out


@pytest.mark.slow
def test_resume_goes_on_to_the_number_asked_for_last(search, monkeypatch):
    values = ("sweep=optuna", "hydra.sweeper.sampler=random", "model.dropout=interval(0,0.8)")
    found = search(*values, "hydra.sweeper.trials=2")
    launched = search_module.launch

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(search_module, "launch", killed)
    with pytest.raises(SystemExit) as stopped:
        search(*values, "hydra.sweeper.trials=5")
    assert stopped.value.code == 130
    monkeypatch.setattr(search_module, "launch", launched)
    assert sweep_command(["status", str(found)]) == 1
    started = []
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, check, env: (
            started.append(command) or subprocess.CompletedProcess(command, 0)
        ),
    )
    sweep_command(["resume", str(found)])
    (command,) = started
    assert command[-1] == "hydra.sweeper.trials=5"
    search(*command[4 + len(SEARCH) :])
    assert [t.state for t in opened(found).get_trials()] == [TrialState.COMPLETE] * 5


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["journal", "sqlite"])
def test_four_processes_two_of_them_killed(tmp_path, storage):
    """No trial twice, none lost, no two of the same values, and nobody crashes."""
    overrides = (
        *("-m", "sweep=optuna", "model=mlp", "model.dropout=interval(0,0.8)", "figures=false"),
        *("dataset.nodes=60", "dataset.features=8", "chunk=5", "optim.max_epochs=12"),
        *("hydra.sweep.dir=found", "hydra.sweeper.trials=100", "hydra.sweeper.batch=4"),
        f"hydra.sweeper.storage={storage}",
    )
    command = [sys.executable, "-m", "longnn.experiments", "train", *overrides]
    four = [
        subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(4)
    ]
    while len(list(tmp_path.glob("found/*/result.json"))) < 4:
        time.sleep(0.05)
    for process in four[:2]:
        process.kill()
    said = [process.communicate()[0] for process in four]
    assert [process.returncode for process in four[2:]] == [0, 0], said[2:]
    assert not [text for text in said if "Traceback" in text]
    opened_storage = open_storage(tmp_path / "found", storage)
    (name,) = optuna.get_all_study_names(opened_storage)
    trials = optuna.load_study(study_name=name, storage=opened_storage).get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 100
    assert len({trial.params["model.dropout"] for trial in trials}) == 100
    assert sorted(trial.user_attrs["number"] for trial in trials) == list(range(100))
    for run in (tmp_path / "found").glob("*/result.json"):
        ended = [json.loads(f.read_text())["status"] for f in run.parent.glob("attempt-*.json")]
        assert ended.count("done") == 1


@pytest.mark.parametrize("name", sorted(f.stem for f in (CONF / "sweep").glob("*.yaml")))
def test_every_space_that_ships_names_keys_of_its_model(name):
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[f"sweep={name}"], return_hydra_config=True)
        if name.startswith("block"):
            model = {"block_filter": "chebnetii", "block_longnn": "longnn"}.get(name, "sage")
            overrides = [f"sweep={name}", f"model={model}"]
            config = compose("config", overrides=overrides, return_hydra_config=True)
            assert config.model.placement == "stacked"
    params = config.hydra.sweeper.get("params") or {}
    assert [key for key in params if OmegaConf.select(config, key) is None] == []
    if name not in ("grid", "optuna") and not name.startswith("block"):
        assert config.hydra.runtime.choices["model"] == name
        assert len(params) >= 6


def test_a_space_that_names_no_key(search, tmp_path, capsys):
    (tmp_path / "sweep").mkdir()
    text = (Path(__file__).parents[3] / "conf/sweep/longnn.yaml").read_text()
    (tmp_path / "sweep" / "mine.yaml").write_text(text.replace("model.alpha", "model.alhpa"))
    with pytest.raises(SystemExit) as stopped:
        search("sweep=mine", f"hydra.searchpath=[file://{tmp_path}]")
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "the search space names model.alhpa, which the config does not have; did you" in said


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["+hydra.sweeper.params.seed=3"], "must be a list of choices or have low and"),
        (["hydra.sweeper.sampler=best"], "unknown sampler 'best'; choose one of tpe, random"),
        (["hydra.sweeper.pruner=best"], "unknown pruner 'best'; choose one of none, median"),
        (["hydra.sweeper.sampler=grid"], "grid needs finitely many values, but optim.groups"),
        (["sweep=optuna"], "a search needs a space: sweep=longnn, or values"),
        (["hydra.sweeper.storage=postgresql+nosuch://u:secret@h/d"], "needs a driver that is"),
        (["hydra.sweeper.storage=nonsense"], "storage=nonsense cannot be used"),
        (["hydra.sweeper.trials=0"], "hydra.sweeper.trials must be a whole number in [1, inf)"),
        (["split=public"], "the protocol public draws none; add split=stratified"),
        (["hydra.sweeper.finalists=-1"], "hydra.sweeper.finalists must be a whole number in [0,"),
        (["hydra.sweeper.finalists=2", "hydra.sweeper.final_splits=3"], "must be greater than"),
        (["hydra.sweeper.finalists=2", "split.count=4"], "split.count is that of the trials"),
    ],
)  # fmt: skip
def test_refused_with_the_reason(search, tmp_path, capsys, overrides, message):
    with pytest.raises(SystemExit) as stopped:
        search(*overrides)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert "secret" not in said
    assert not list(tmp_path.rglob("result.json"))
