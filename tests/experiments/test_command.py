"""The command ``longnn``: its table, its start, where it is started, and the tab key."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from longnn.experiments import command
from longnn.experiments.command import command_problem
from longnn.experiments.completion.overrides import OPTIONS, fitting
from longnn.experiments.config.commands import COMMANDS, Command
from longnn.experiments.config.here import import_from
from longnn.experiments.config.output import check_output

from longnn.version import __version__
from tests.experiments.conftest import SMALL

LONGNN = [str(Path(sys.executable).with_name("longnn"))]
MODULE = [sys.executable, "-m", "longnn.experiments"]
QUICK = [*SMALL, "optim.max_epochs=2", "figures=false", "compilation_cache=null"]


def called(*words: str, cwd: Path, start: list[str] = LONGNN) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*start, *words], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("start", [LONGNN, MODULE])
def test_help_and_version(start, tmp_path):
    done = called("--help", cwd=tmp_path, start=start)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: longnn COMMAND")
    named = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert named == ["longnn", *COMMANDS]
    assert called("--version", cwd=tmp_path, start=start).stdout == f"longnn {__version__}\n"
    nothing = called(cwd=tmp_path, start=start)
    assert (nothing.returncode, nothing.stderr) == (2, done.stdout)


def test_help_imports_nothing_foreign(tmp_path):
    code = (
        "import sys\nsys.argv = ['longnn', '--help']\nfrom longnn.experiments.command import main"
    )
    code += "\nmain()\nprint(*sys.modules, file=sys.stderr)"
    loaded = called("-c", code, cwd=tmp_path, start=[sys.executable]).stderr.split()
    assert "longnn.experiments.command" in loaded
    foreign = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
    known = {"longnn", "polybases", "lazy_loader", "_distutils_hack", "sitecustomize"}
    assert {name for name in foreign - known if not name.startswith("__")} == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["trian"],
            "unknown command 'trian': did you mean train? The commands are train, predict,",
        ),
        (["reprot"], "did you mean report"),
        (["datasets"], "did you mean data?"),
        (["filters"], "did you mean approximate?"),
        (["zzz"], "unknown command 'zzz': The commands are train"),
        (["--verison"], "unknown option '--verison': "),
        (["train", "-sc", "install=bash"], 'eval "$(longnn completion bash)"'),
        (["approximate", "--shell-completion", "install=bash"], "longnn completion bash"),
    ],
)
def test_refused_with_what_to_type(words, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["longnn", *words])
    assert command.main() == 2
    assert message in capsys.readouterr().err


def test_reproduce_needs_a_checkout(monkeypatch):
    assert command_problem("reproduce") is None
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    assert "clone the repository" in (command_problem("reproduce") or "")


@pytest.mark.parametrize("name", [name for name, c in COMMANDS.items() if c.config is None])
def test_usage_of_a_command_says_how_it_is_called(name):
    parser = importlib.import_module(COMMANDS[name].module).parser()
    assert parser.format_usage().startswith(f"usage: longnn {name} [-h]")
    assert parser.description


@pytest.mark.parametrize("name", [name for name, c in COMMANDS.items() if c.config is not None])
def test_help_of_a_command_that_hydra_reads(name, tmp_path):
    done = called(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"  longnn {name} " in done.stdout
    assert "experiments.train" not in done.stdout


def test_command_from_the_checkout_runs_as_the_installed_one(tmp_path):
    root = Path(__file__).parents[2]
    start = [sys.executable, "-m", "experiments.train"]
    done = called("--cfg", "job", cwd=root, start=start)
    assert done.returncode == 0, done.stderr
    assert done.stdout == called("train", "--cfg", "job", cwd=tmp_path).stdout


def failing(error: BaseException):
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (PermissionError(13, "Permission denied", "a.png"), 2, "error: cannot write a.png: Perm"),
        (OSError(30, "Read-only file system", "a.png"), 2, "or name another file"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_a_user_can_mend_is_a_message(error, status, message, monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "fake", Command("json", "fails"))
    monkeypatch.setattr(json, "main", failing(error), raising=False)
    monkeypatch.setattr(sys, "argv", ["longnn", "fake"])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    assert command.main() == status
    assert message in capsys.readouterr().err


def test_other_errors_keep_their_traceback(monkeypatch):
    monkeypatch.setitem(COMMANDS, "fake", Command("json", "fails"))
    monkeypatch.setattr(json, "main", failing(FileNotFoundError(2, "no")), raising=False)
    monkeypatch.setattr(sys, "argv", ["longnn", "fake"])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    with pytest.raises(FileNotFoundError):
        command.main()


def test_output_that_nobody_reads(tmp_path):
    code = "import sys, json\nfrom longnn.experiments import command as c\n"
    code += "from longnn.experiments.config import commands as k\n"
    code += "json.main = lambda: print('x' * 10**6)\nk.COMMANDS['fake'] = k.Command('json', '')\n"
    code += "sys.argv = ['longnn', 'fake']\nsys.exit(c.main())"
    script = f'{sys.executable} -c "$1" | head -c 1; exit ${{PIPESTATUS[0]}}'
    done = called("-c", script, "bash", code, cwd=tmp_path, start=["bash"])
    assert (done.returncode, done.stdout, done.stderr) == (141, "x", "")


def test_directory_that_is_gone(tmp_path):
    script = f"mkdir gone; cd gone; rmdir ../gone; {LONGNN[0]} data list"
    done = called("-c", script, cwd=tmp_path, start=["bash"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: the current directory no longer exists; change to another one" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["-m", "seed=0,1"], ["model=mlp", "--config-dir", "x"]])
def test_directory_without_permission(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check_output(arguments, "runs")
    monkeypatch.setattr("longnn.experiments.config.cli.os.access", lambda *_: False)
    with pytest.raises(SystemExit) as stopped:
        check_output(arguments, "runs")
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert f"cannot write runs to runs: no write permission on {tmp_path}. Change to" in message
    assert "hydra.run.dir=DIR" in message


@pytest.mark.parametrize("word", ["--help", "--cfg=job", "-i", "hydra.run.dir=/elsewhere"])
def test_directory_that_is_not_needed(word, monkeypatch):
    monkeypatch.setattr("longnn.experiments.config.cli.os.access", lambda *_: False)
    check_output([word], "runs")


MINE = """
from longnn.models import MLP
class Mine(MLP):
    pass
"""


@pytest.fixture
def occupied(tmp_path: Path) -> Path:
    """A directory with a model of the user's own, and with names that ours must not yield to."""
    for name in ("experiments", "conf", "hydra_plugins", "hydra_plugins/longnn_sweeps", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError(__file__)")
    (tmp_path / "hydra_plugins" / "other.py").write_text("raise RuntimeError(__file__)")
    (tmp_path / "conf" / "config.yaml").write_text("junk: true")
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


@pytest.mark.parametrize("start", [LONGNN, MODULE])
def test_folders_of_these_names_hide_nothing(start, occupied):
    done = called("train", "--cfg", "job", "hydra/launcher=vmap", cwd=occupied, start=start)
    assert done.returncode == 0, done.stderr
    assert "junk" not in done.stdout
    assert "_target_: longnn.models" in done.stdout


@pytest.mark.slow
def test_model_of_the_current_directory_trains_also_in_the_processes_of_joblib(
    occupied, monkeypatch
):
    monkeypatch.setenv("LONGNN_TRUST", "mine")
    own = ["model=mlp", "model._target_=mine.Mine", *QUICK]
    done = called("train", "-m", "seed=0,1", "hydra/launcher=joblib", *own, cwd=occupied)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [json.loads(file.read_text()) for file in occupied.rglob("result.json")]
    assert [result["config"]["model"]["_target_"] for result in results] == ["mine.Mine"] * 2


def test_modules_of_a_directory_come_last(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    for name in ("json", "hydra_plugins", "found_here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("HERE = True")
    (tmp_path / "found_here" / "inner.py").write_text("")
    import_from(str(tmp_path / "nothing"))
    import_from(str(tmp_path))
    assert sum(type(finder).__name__ == "_Here" for finder in sys.meta_path) == 1
    assert importlib.util.find_spec("found_here.inner") is not None
    for name in ("json", "hydra_plugins"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert not any(str(tmp_path) in p for p in spec.submodule_search_locations or ())
    assert importlib.util.find_spec("found_nowhere") is None
    assert importlib.util.find_spec("json.found_here") is None
    sys.modules.pop("found_here", None)


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("longnn ", set(COMMANDS), {"--help"}),
        ("longnn --", {"--help", "--version"}, {"train"}),
        ("longnn train -m dataset=texas,co", {"texas,cora"}, {"cora", "texas"}),
        ("longnn train model=mlp model.", {"model.hidden="}, {"model.order=", "model._target_="}),
        ("longnn train --", {"--multirun", "--cfg", "--config-dir"}, {"dataset="}),
        ("longnn data store big --", {"--edges", "--ogb", "--generate"}, {"--order"}),
        ("longnn data propagate big terms --", {"--order", "--alpha"}, {"--edges"}),
        ("longnn sweep res", {"resume"}, {"status"}),
        ("longnn report --format ", {"csv", "latex"}, {"--format"}),
        ("longnn nothing ", set(), {"train"}),
    ],
)
def test_the_tab_key_in_bash(line, some, none, tmp_path):
    script = f"""
        PATH={Path(sys.executable).parent}:$PATH
        eval "$(longnn completion bash)"
        complete -p longnn > /dev/null || exit 1
        COMP_LINE="$1" COMP_POINT=${{#1}} COMP_TYPE=9
        _python_argcomplete longnn
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = called("-c", script, "bash", line, cwd=tmp_path, start=["bash"])
    assert done.returncode == 0, done.stderr
    found = set(done.stdout.split())
    assert some <= found
    assert not none & found


@pytest.mark.parametrize(
    ("words", "word", "some", "none"),
    [
        ([], "", {"model=", "model.", "seed=", "hydra/"}, {"--multirun"}),
        ([], "dataset=co", {"dataset=cora", "dataset=cornell"}, {"dataset=texas"}),
        ([], "+data", {"+dataset="}, {"dataset="}),
        (["model=mlp", "dataset=oops"], "model.or", {"model.order="}, set()),
        (["-m", "model=gprgnn,mlp"], "model.al", {"model.alpha="}, {"model.order="}),
        ([], "optim.gro", {"optim.groups.mlp."}, {"optim.groups."}),
        ([], "hydra/la", {"hydra/launcher="}, {"hydra/"}),
        ([], "hydra/launcher=", {"hydra/launcher=vmap", "hydra/launcher=joblib"}, set()),
        ([], "force=", {"force=true", "force=false"}, set()),
        ([], "seed=", set(), {"seed="}),
        (["--cfg"], "", {"job", "hydra", "all"}, {"seed="}),
        (["--config-dir"], "", set(), {"seed=", "model="}),
        (["--config-dir", "."], "dataset=mi", {"dataset=mine", "dataset=minesweeper"}, set()),
    ],
)
def test_words_that_fit(words, word, some, none, tmp_path, monkeypatch):
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "mine.yaml").write_text("{}")
    monkeypatch.chdir(tmp_path)
    found = set(fitting(words, word, "config"))
    assert some <= found
    assert not none & found
    assert all(each.startswith(word) for each in found)


def test_words_of_another_command_that_hydra_reads():
    assert "solver=" in fitting([], "so", "approximate")
    assert "model=" not in fitting([], "mo", "approximate")


def test_the_tab_key_loads_no_jax(tmp_path):
    code = "import sys\nfrom longnn.experiments.completion.overrides import fitting\n"
    code += "print(fitting([], 'model.or', 'config'), 'jax' in sys.modules)"
    done = called("-c", code, cwd=tmp_path, start=[sys.executable])
    assert done.stdout == "['model.order='] False\n", done.stderr


def test_completed_options_are_hydras(tmp_path):
    text = called("train", "--hydra-help", cwd=tmp_path).stdout
    assert [option for option in OPTIONS if option not in text] == []


def test_environment_of_the_tests_is_left_alone():
    assert not os.environ.get("PYTHONSAFEPATH")
