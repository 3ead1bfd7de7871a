"""Whose code a command runs: the user's own config files may name it, overrides and records not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from longnn.experiments.config.trusted import modules_named
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.__main__ import main as sweep_command
from longnn.experiments.sweep.manifest import Manifest
from longnn.experiments.sweep.recorded import acting_word
from longnn.experiments.tuned import _put

import longnn
from longnn.runs import sources
from tests.experiments.conftest import SMALL, result_of

MODEL = """
from longnn.models import MLP
with open({mark!r}, "a") as file:
    file.write("x")

class Mine(MLP): pass
"""

QUICK = (*SMALL, "figures=false", "compilation_cache=null")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A model of the user's own, and the file that its import writes."""
    mark = tmp_path / "imported"
    (tmp_path / "own_trusted.py").write_text(MODEL.format(mark=str(mark)))
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "own.yaml").write_text("_target_: own_trusted.Mine\nhidden: 4\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    sources._bytes.cache_clear()
    yield mark
    sys.modules.pop("own_trusted", None)


def test_a_name_on_the_command_line_is_no_trust(own, train, tmp_path, capsys, monkeypatch):
    named = ("model=mlp", "model._target_=own_trusted.Mine")
    with pytest.raises(SystemExit, match="2"):
        train(*QUICK, *named)
    assert "LONGNN_TRUST=own_trusted before the command" in capsys.readouterr().err
    assert not own.exists()
    assert not (tmp_path / "runs").exists()
    monkeypatch.setenv("LONGNN_TRUST", "own_trusted")
    assert len(train(*QUICK, *named)) == 1


def test_a_file_of_the_users_own_is(own, train, monkeypatch):
    monkeypatch.setenv("LONGNN_TRUST", "")  # which is set, and names nothing
    with pytest.raises(SystemExit, match="2"):
        train("--config-dir", "conf", "model=own", *QUICK)
    assert not own.exists()
    monkeypatch.delenv("LONGNN_TRUST")
    (directory,) = train("--config-dir", "conf", "model=own", *QUICK)
    with pytest.raises(ValueError, match=r"trust=\('own_trusted',\) in Python"):
        longnn.load(directory)
    run = longnn.load(directory, trust=["own_trusted"])
    assert type(run.model()).__name__ == "Mine"
    assert run.predict().outputs.shape == (2, 60, 2)


def test_a_run_is_read_without_building_anything(own, train):
    (directory,) = train("--config-dir", "conf", "model=own", *QUICK)
    sys.modules.pop("own_trusted", None)
    own.write_text("")
    recorded = longnn.runs.read(directory)
    assert recorded.parameters["first.kernel"].shape == (2, 8, 4)
    assert recorded.predictions["probabilities"].shape == (2, 60, 2)
    assert recorded.curves["loss"].shape == (2, 12)
    assert recorded.result.config["model"]["_target_"] == "own_trusted.Mine"
    assert own.read_text() == ""
    assert "own_trusted" not in sys.modules


def test_a_run_directory_that_names_a_command(train):
    (directory,) = train(*QUICK)
    content = result_of(directory)
    content["config"]["model"]["basis"] = {"_target_": "os.system", "command": "touch owned"}
    (directory / "result.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"names 'os.system', code of a module that is not trust"):
        longnn.load(directory)
    assert not Path("owned").exists()


def test_a_model_that_changes_is_another_run(own, train, tmp_path):
    arguments = ("--config-dir", "conf", "model=own", *QUICK)
    (before,) = train(*arguments)
    with (tmp_path / "own_trusted.py").open("a") as file:
        file.write("# changed\n")
    sources._bytes.cache_clear()  # as a process of its own would
    first, second = train(*arguments)
    assert before in (first, second)
    assert result_of(first)["identity"] != result_of(second)["identity"]


def test_only_files_of_groups_are_asked_for_names(tmp_path):
    content = {
        "runs/a/config.yaml": "model: {_target_: evil.Model}",
        "model/mine.yaml": "{'_target_': \"mine.Model\", b: {_target_: x.y}}",
        "dataset/deep.yaml": "a:\n- b: # _target_: e.A\n    _target_:\n      z.B\nc: '_target_: e'",
        "tuned/x/y.yaml": "model:\n  basis:\n    _target_: evil.B\n",
        "graph/broken.yaml": "_target_: evil.D\n}",
    }
    for name, text in content.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    assert modules_named([tmp_path]) == ("mine", "x", "z")


@pytest.mark.parametrize(
    "word",
    [
        *("--config-dir", "--config-dir=x", "-cd", "--experimental-rerun=x"),
        *("hydra.searchpath=[pkg://mine]", "+hydra.job.env_set.LONGNN_TRUST=os"),
        *("hydra.launcher.setup=[touch x]", "compilation_cache=here", "hydra={callbacks: {}}"),
        "+hydra.callbacks.a._target_=os.system",
        "+hydra.sweeper.params.x={_target_:multiprocessing.util.spawnv_passfds}",
        *("+tuned/published@_global_=../../x/y", "model@_global_=/x/y", "experiment=../../x"),
        *("hydra.sweep.subdir=../x", "hydra.run.dir=/x", "hydra.sweeper.storage=sqlite:////x.db"),
        *("hydra.launcher.address=h:1", "hydra.launcher.submitit_folder=/x", "logger.mode=online"),
        *("dataset.name=${oc.env:HOME}", "hydra/launcher@x=joblib"),
    ],
)
def test_what_a_recorded_command_may_not_do(word, tmp_path, capsys, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "run", lambda *a, **o: started.append(o) or
                        subprocess.CompletedProcess(a, 0))  # fmt: skip
    manifest.write(tmp_path, Manifest(["-m", "seed=0,1", word], {"a": ["seed=0"]}))
    with pytest.raises(SystemExit) as stopped:
        sweep_command(["resume", str(tmp_path)])
    shown = capsys.readouterr()
    assert stopped.value.code == 2
    assert "started with" in shown.err
    assert "add --trust" in shown.err
    assert shown.out.startswith("longnn train -m seed=0,1 ")
    assert started == []
    assert sweep_command(["resume", str(tmp_path), "--trust"]) == 0
    assert len(started) == 1


@pytest.mark.parametrize("name", ["study.log.torn", "study.log.kernel-lock", "a", "a/curves.npz"])
def test_a_link_that_leads_out_is_not_followed(name, tmp_path, capsys, monkeypatch):
    started, folder = [], tmp_path / "sweep"
    monkeypatch.setattr(subprocess, "run", lambda *a, **o: started.append(o) or
                        subprocess.CompletedProcess(a, 0))  # fmt: skip
    manifest.write(folder, Manifest(["-m", "seed=0,1"], {"a": ["seed=0"]}))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / "inside").symlink_to("a")
    (folder / "wandb").mkdir()
    (folder / "wandb" / "debug-core.log").symlink_to(tmp_path / "log")
    assert sweep_command(["resume", str(folder)]) == 0
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SystemExit, match="2"):
        sweep_command(["resume", str(folder)])
    assert f"{folder / name} leads to {tmp_path / 'elsewhere'}, outside" in capsys.readouterr().err
    assert len(started) == 1
    assert sweep_command(["resume", str(folder), "--trust"]) == 0


def test_resume_prints_the_command_and_trusts_no_module(tmp_path, capsys, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "run", lambda *a, **o: started.append(o["env"]) or
                        subprocess.CompletedProcess(a, 0))  # fmt: skip
    words = ["-m", "seed=0,1", "hydra/launcher=vmap", "compilation_cache=null"]
    words += ["hydra.sweep.dir=a", "model.order=range(2,9)", "hydra.launcher.n_jobs=2"]
    words += ["dataset.path=../mine.npz", "hydra.sweeper.trials=9", "hydra.sweeper.storage=sqlite"]
    assert acting_word(words) is None
    manifest.write(tmp_path, Manifest(words, {"a": ["seed=0"]}))
    monkeypatch.delenv("LONGNN_TRUST", raising=False)
    sweep_command(["resume", str(tmp_path)])
    assert capsys.readouterr().out.startswith("longnn train -m seed=0,1 hydra/launcher=vmap")
    monkeypatch.setenv("LONGNN_TRUST", "mine")
    sweep_command(["resume", str(tmp_path)])
    assert [environment["LONGNN_TRUST"] for environment in started] == ["", "mine"]


def test_a_search_writes_no_names_of_code():
    named = {"_target_": "os.system"}
    for key, value in (
        ("model.basis._target_", "os.system"),
        ("model.x", named),
        ("model.x", "${y}"),
    ):
        with pytest.raises(ValueError, match="may name code"):
            _put({}, key, value)
