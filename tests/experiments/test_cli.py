"""What is checked before Hydra starts."""

import sys

import pytest
from longnn.experiments.cli import CONF, check_command_line, option_problem, output_problem


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset=coraa"], "unknown dataset 'coraa': did you mean cora"),
        (["model=longn"], "unknown model 'longn': did you mean longnn?"),
        (["-m", "dataset=texs,cornel"], "unknown dataset 'texs': did you mean texas"),
        (["model.alhpa=1"], "'model.alhpa' of model=longnn: did you mean model.alpha"),
        (["-m", "sed=1,2"], "unknown key 'sed': did you mean seed"),
        (["modl.alpha=1"], "unknown key 'modl.alpha': did you mean model? A new key is added with"),
        (["model.convention=jacobiconv"], "'model.convention' of model=longnn: "),
        (["model.convention=jacobiconv"], "model=jacobiconv has it."),
        (["model=mlp", "model.alpha=1"], "unknown key 'model.alpha' of model=mlp: "),
        (["optim.groups.mpl.lr=1"], "did you mean optim.groups.mlp.lr"),
        (["split=stratifed"], "did you mean stratified"),
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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dataset=cora", "model.order=3", "~logger"],
        ["-m", "dataset=texas,cora", "model.alpha=0,1", "+new.key=1"],
        ["-m", "model=longnn,mlp", "model.alpha=0,1"],  # the jobs of mlp will fail, not the others
        ["-m", "dataset=texas,cornel"],
        ["split.count=1", "graph.degree_exponent=1", "dataset.nodes=60", "tuned=none"],
        ["--help"],
        ["dataset=[[not parsed"],  # left for Hydra to report
    ],
)
def test_accepted(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_command_line(arguments)


@pytest.mark.parametrize(("launcher", "extra"), [("joblib", "joblib"), ("submitit_slurm", "slurm")])
def test_a_launcher_that_is_not_installed(launcher, extra, monkeypatch, capsys):
    monkeypatch.setattr("longnn.experiments.cli.find_spec", lambda _: None)
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
    monkeypatch.setattr("longnn.experiments.cli.os.access", lambda *_: False)
    assert "no write permission" in (output_problem(tmp_path / "a" / "b") or "")
