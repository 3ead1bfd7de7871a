"""What is checked before Hydra starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from longnn.experiments.config.cli import CONF, check_command_line, output_problem
from longnn.experiments.config.renamed import RENAMED, new_name, refuse_old_names
from longnn.experiments.config.unknown import option_problem
from omegaconf import OmegaConf


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset=coraa"], "unknown dataset 'coraa': did you mean cora? There are actor"),
        (["model=longn"], "unknown model 'longn': did you mean longnn?"),
        (["-m", "dataset=texs,cornel"], "unknown dataset 'texs': did you mean texas"),
        (["model.alhpa=1"], "'model.alhpa' of model=longnn: did you mean model.alpha"),
        (["-m", "sed=1,2"], "unknown key 'sed': did you mean seed"),
        (["modl.alpha=1"], "unknown key 'modl.alpha': set model.alpha"),
        (["model.convention=jacobiconv"], "'model.convention' of model=longnn: "),
        (["model.convention=jacobiconv"], "model=jacobiconv has it."),
        (["model=mlp", "model.alpha=1"], "unknown key 'model.alpha' of model=mlp: "),
        (["optim.groups.mpl.lr=1"], "did you mean optim.groups.mlp.lr"),
        (["model=null"], "model=null: a command needs a model; leave it out"),
        (["lr=0.01"], "unknown key 'lr': set optim.groups.mlp.lr (and likewise the rates"),
        (["+lr=0.01"], "unknown key 'lr': set optim.groups.mlp.lr"),
        (["+wd=0.01"], "set optim.groups.mlp.weight_decay"),
        (["-m", "++epochs=10,20"], "unknown key 'epochs': set optim.max_epochs"),
        (["layers=2"], "set model.layers"),
        (["optim.lr=1"], "unknown key 'optim.lr' of optim=adam: set optim.groups.mlp.lr"),
        (["K=5"], "set model.order (the highest degree K of the filter)"),
        (["hidden=5"], "set model.hidden"),
        (["+optim.scheduler=cosine"], "'optim.scheduler' of optim=adam: set optim/schedule (const"),
        (["+optim.groups.mlp.momentum=1"], "unknown key 'optim.groups.mlp.momentum'"),
        (["+graph.hops=2"], "unknown key 'graph.hops'"),
        (["-m", "+new.key=1"], "unknown key 'new.key'"),
        (["+hydra.sweeper.trails=9"], "hydra.sweeper.trails cannot be added; leave out the +"),
        (["dataset=[[not parsed"], "'dataset=[[not parsed' cannot be read: put a value that hol"),
        (
            ["cora"],
            "'cora' is no setting: write key=value without spaces around =; did you mean da",
        ),
        (
            ["--dataset", "cora"],
            "unknown option '--dataset': settings are written without dashes; ",
        ),
        (["--lr=1"], "written without dashes; set optim.groups.mlp.lr"),
        (["model=GCN"], "unknown model 'GCN': did you mean gcn"),
        (["seed=0,1"], "seed=0,1 has several values: add -m for a run of each, or write a list"),
        (["hydra.run.dir="], "hydra.run.dir is empty"),
        (["optim=sgd"], "Another optimizer is optim.transformation._target_=optax.sgd"),
        (["model", "=mlp"], "'model' is no setting: write key=value without spaces around ="),
        (["--config-dir", "nowhere"], "--config-dir nowhere: there is no such folder"),
        (["--experimental-rerun", "a.pickle"], "whatever a pickle of a run directory says"),
        (["+hydra.callbacks.a._target_=os.system"], "hydra.callbacks.a._target_ names code for"),
        (["hydra.launcher._target_=mine.Launcher"], "hydra.launcher._target_ names code for Hy"),
        (["hydra.job_logging.handlers.console.class=os.system"], "names code for Hydra to run"),
        (["+hydra.job.env_set.LONGNN_TRUST=os"], "environment variable of the command itself"),
        (["hydra={callbacks: {}}"], "set the parts of hydra one by one"),
        (["split=stratifed"], "did you mean stratified"),
        (["experiment=longn_vs_mlp"], "unknown experiment 'longn_vs_mlp': did you mean longnn_vs_"),
        (["tuned=longnn_search"], "unknown tuned 'longnn_search': did you mean search"),
        (["dataset=zzzzzz"], "unknown dataset 'zzzzzz': There are actor"),
        (["hydra.run.dir=/dev/null/x"], "cannot write runs to /dev/null/x: /dev/null is not a dir"),
        (["-m", "hydra.sweep.dir=/dev/null"], "/dev/null is not a directory"),
    ],
)
def test_refused_with_the_reason(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        check_command_line(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_name_is_refused_with_the_new_one(old, capsys):
    key = f"{old}.lr" if old.startswith("optim") else old
    for arguments in ([f"{key}=0.5"], ["-m", f"{key}=0,0.5"], ["dataset=cora", f"{key}=1"]):
        with pytest.raises(SystemExit):
            check_command_line(arguments)
        assert f"{key!r} is called {new_name(key)!r} now" in capsys.readouterr().err


def test_new_names_are_settings(train, capsys):
    train("--cfg", "job")
    config = OmegaConf.create(capsys.readouterr().out)
    for new in RENAMED.values():
        assert OmegaConf.select(config, new) is not None, new


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("graph/mine.yaml", "{keep: all, self_loops: 0.0, r: 1.0}", "graph.r is called graph.deg"),
        ("model/mine.yaml", "{_target_: longnn.models.LonGNN, pcd: true}", "model.pcd is called"),
        ("optim/mine.yaml", "{groups: {w: {lr: 0.1}}}", "optim.groups.w is called optim.groups.c"),
    ],
)
def test_an_old_name_in_a_file_of_the_users(train, tmp_path, capsys, file, text, message):
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(text)
    with pytest.raises(SystemExit, match="2"):
        train("--config-dir", ".", f"{Path(file).parent}=mine")
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_an_old_name_in_a_search_space_of_the_users(train, tmp_path, capsys):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "mine.yaml").write_text(
        "# @package _global_\ndefaults: [override /hydra/sweeper: optuna]\n"
        "hydra: {sweeper: {params: {model.pcd: [true, false]}}}\n"
    )
    with pytest.raises(SystemExit) as stopped:
        train("-m", "--config-dir", ".", "sweep=mine")
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "the search space names model.pcd, which the config does not have; it is called" in said
    assert "model.coefficient_decomposition now" in said


def test_a_model_of_the_users_may_have_any_names(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("{_target_: mine.Model, start: 1, pcd: true}")
    check_command_line(["--config-dir", str(tmp_path), "model=mine", "model.start=3"])
    refuse_old_names(OmegaConf.create({"model": {"_target_": "mine.Model", "start": 3}}))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["experiment=longnn_vs_mlp", "dataset=texas", "model.alpha=0.5"],
        ["-m", "--config-name", "config", "seed=1,2"],
        ["-sc", "install=bash"],
        ["dataset=cora", "model.order=3", "~logger"],
        ["-m", "dataset=texas,cora", "model.alpha=0,1", "+model.placement=after"],
        ["-m", "model=longnn,mlp", "model.alpha=0,1"],  # the jobs of mlp will fail, not the others
        ["-m", "dataset=texas,cornel"],
        ["split.count=1", "graph.degree_exponent=1", "dataset.nodes=60", "tuned=none"],
        ["--help"],
        ["+optim.groups.mine.lr=0.1", "hydra.job_logging.root.level=WARNING"],
        ["-m", "+hydra.sweeper.params.seed=[0,1]"],
    ],
)
def test_accepted(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_command_line(arguments)


@pytest.mark.parametrize(("launcher", "extra"), [("joblib", "joblib"), ("submitit_slurm", "slurm")])
def test_a_launcher_that_is_not_installed(launcher, extra, monkeypatch, capsys):
    monkeypatch.setattr("longnn.experiments.config.cli.find_spec", lambda _: None)
    with pytest.raises(SystemExit):
        check_command_line(["-m", f"hydra/launcher={launcher}"])
    assert f'pip install "longnn[{extra}]"' in capsys.readouterr().err
    check_command_line(["-m", "hydra/launcher=vmap"])


def test_a_search_without_optuna(train, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SystemExit) as stopped:
        train("-m", "hydra/sweeper=optuna", "model.alpha=interval(0,1)", "hydra.sweeper.trials=0")
    assert stopped.value.code == 2
    assert 'pip install "longnn[sweep]"' in capsys.readouterr().err


def test_a_folder_of_ones_own_counts(tmp_path):
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "mine.yaml").write_text("{}")
    assert option_problem([CONF], "dataset", "mine") is not None
    check_command_line(["--config-dir", str(tmp_path), "dataset=mine"])
    check_command_line([f"hydra.searchpath=[file://{tmp_path}]", "dataset=mine"])


def test_output_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr("longnn.experiments.config.cli.os.access", lambda *_: False)
    assert "no write permission" in (output_problem(tmp_path / "a" / "b") or "")


def test_the_help_lists_the_groups_of_the_users_too(tmp_path):
    """In a process of its own, since Hydra ends it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("{}")
    code = "import sys; from longnn.experiments.train import main; main()"
    command = [sys.executable, "-c", code, "--config-dir", str(tmp_path), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert " longnn, mine, mlp, " in " ".join(shown.split())
    assert "experiment: heterophilous, longnn_vs_mlp" in shown
    assert "tuned: none, published, search" in shown
    assert "longnn_cora" not in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_settings_are_shown_in_an_empty_directory(train, tmp_path, capsys):
    train("--cfg", "job", "--resolve", "dataset=cora")
    shown = OmegaConf.create(capsys.readouterr().out)
    assert (shown.model.alpha, shown.tuned.source) == (-0.25, "published")
    assert not list(tmp_path.iterdir())
