"""The command that lists, fetches, checks and shows datasets."""

import subprocess
import sys

import numpy as np
import pytest
from longnn.experiments.config.cli import check_command_line
from longnn.experiments.config.configs import CONF
from longnn.experiments.config.unknown import option_problem
from longnn.experiments.data import main

import longnn
from longnn.data.catalogue import Entry, names

HERE = [
    *("actor", "chameleon", "chameleon_filtered", "citeseer", "computers", "cora", "cornell"),
    *("cornell5", "johns_hopkins55", "minesweeper", "photo", "squirrel", "squirrel_filtered"),
    *("texas", "twitch_de", "twitch_de_views", "coauthor_physics"),
]


def test_list_is_complete_and_imports_neither_jax_nor_hydra():
    code = (
        "import sys; from longnn.experiments.data import main; main(['list']); "
        "assert not {'jax', 'hydra', 'omegaconf', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert set(names()) <= set(rows)
    assert "5,278" in rows["cora"]
    assert rows["cora"].count("0.825") == 1
    assert rows["twitch_de_views"].split()[4:9] == ["-", "-", "-", "-", "r2"]
    assert rows["pubmed"].split()[1:8] == ["?"] * 7
    assert rows["ring"].split()[1:] == ["no", "file", "needed"]


def test_usage_names_the_command(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "usage: longnn data check" in capsys.readouterr().out


def test_check_finds_other_numbers(monkeypatch, capsys):
    monkeypatch.setattr("longnn.experiments.data.entry_of", lambda name: Entry("", nodes=999))
    assert main(["check", "ring"]) == 1
    assert capsys.readouterr().out == "ring: nodes is 1000, expected 999\n"


@pytest.mark.data
def test_check_agrees_with_what_is_here(capsys):
    assert main(["check", *HERE]) == 0
    assert capsys.readouterr().out.count("checksums and statistics agree") == len(HERE)


def test_check_of_a_missing_file_fails(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    assert main(["check", "texas", "ring"]) == 1
    out = capsys.readouterr().out
    assert "texas.npz is missing" in out
    assert "ring: checksums and statistics agree" in out


def test_fetch_of_what_is_generated(capsys):
    assert main(["fetch", "csbm"]) == 0
    assert capsys.readouterr().out == "csbm: generated, it needs no file\n"


@pytest.mark.parametrize("command", ["fetch", "check", "show"])
def test_unknown_names_are_explained_as_train_does(capsys, command):
    assert main([command, "coraa"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: unknown dataset 'coraa': did you mean cora? There are actor")
    problem = option_problem([CONF], "dataset", "coraa")
    assert problem is not None
    assert f"error: {problem}".startswith(told[:70])


def test_show(tmp_path, capsys):
    output = tmp_path / "figures" / "grid.png"
    assert main(["show", "grid", "dataset.rows=8", "--output", str(output)]) == 0
    out = capsys.readouterr().out
    assert "nodes                256" in out
    assert output.stat().st_size > 10_000


def test_show_of_a_users_own_graph(tmp_path, capsys):
    edges, features = np.array([[0, 1], [1, 2], [2, 3]]), np.eye(4)
    labels = np.array(["cat", "dog"])[np.arange(4) % 2]
    np.savez(tmp_path / "mine.npz", edges=edges, features=features, labels=labels, pos=features)
    show, output = ("show", "npz", f"dataset.path={tmp_path / 'mine.npz'}"), tmp_path / "mine.png"
    assert main([*show, "dataset.ignore=[pos]", f"--output={output}"]) == 0
    out = capsys.readouterr().out
    assert "edges                3" in out
    assert "nodes of class dog   2" in out
    assert main([*show]) == 1
    assert "holds pos, which nothing reads" in capsys.readouterr().err
    assert main(["show", "ncz"]) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["npz"], "dataset.path has no value; add dataset.path=... to the command"),
        (["npz", "dataset.path='~nobody-here/x.npz'"], "'~nobody-here/x.npz' names no file (Could"),
        (["npz", f"dataset.path={'a' * 300}.npz"], "aaa' names no file (File name too long); wr"),
        (["csbm", "dataset.nodes=60", "--output", "/proc/a.png"], "/proc/a.png cannot be written"),
    ],
)
def test_show_says_what_is_wrong_in_one_line(words, message, capsys):
    assert main(["show", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("word", ["dataset.path=~/x.npz", "dataset.path=[1", "datset.path=x"])
def test_show_refuses_a_setting_as_train_does(word, capsys):
    for command in (lambda: main(["show", "npz", word]), lambda: check_command_line([word])):
        with pytest.raises(SystemExit, match="2"):
            command()
    first, second = capsys.readouterr().err.splitlines()
    assert first == second


@pytest.mark.data
def test_show_real_values(tmp_path, capsys):
    output = tmp_path / "views.png"
    assert main(["show", "twitch_de_views", "--output", str(output)]) == 0
    out = capsys.readouterr().out
    assert "label correlation    -0.3940" in out
    assert "class" not in out
    assert output.stat().st_size > 10_000


@pytest.mark.slow
def test_train_on_a_users_own_graph(train, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    np.savez(
        tmp_path / "mine.npz",
        edges=rng.integers(0, 60, (150, 2)),
        features=rng.normal(size=(60, 4)) + labels[:, None],
        labels=labels,
    )
    small = ("split.count=2", "optim.max_epochs=3", "figures=false")
    (run,) = train("dataset=npz", "dataset.path=mine.npz", *small)
    assert run.name.startswith("mine_longnn_stratified-")
    both = train(
        "dataset=npz",
        "dataset.path=mine.npz",
        "graph.degree_exponent=1",
        "graph.self_loops=1",
        *small,
    )
    assert len(both) == 2
    assert len(train("-m", "dataset=npz", "dataset.path=mine.npz", "seed=0,1", *small)) == 3


@pytest.mark.slow
def test_train_on_tables(train, tmp_path):
    edges = "\n".join(f"n{i},n{(i + 1) % 40}" for i in range(40))
    (tmp_path / "e.csv").write_text(f"source,target\n{edges}\n")
    rows = "\n".join(f"n{i},{i % 2},{i % 3}" for i in range(40))
    (tmp_path / "f.csv").write_text(f"node,a,b\n{rows}\n")
    rows = "\n".join(f"n{i},{'odd' if i % 2 else 'even'}" for i in range(40))
    (tmp_path / "l.csv").write_text(f"node,label\n{rows}\n")
    tables = (f"dataset.{key}={key[0]}.csv" for key in ("edges", "features", "labels"))
    (run,) = train("dataset=edgelist", *tables, "split.count=2", "optim.max_epochs=3")
    assert (run / "filter.png").exists()
    assert longnn.load(run).result.class_names == ("even", "odd")


def test_show_of_many_graphs(tmp_path, capsys):
    assert main(["show", "csbm_graphs", "graphs=5"]) == 0
    out = capsys.readouterr().out
    for words in ("graphs                       5\n", "homophily a graph, mean", "largest lambda"):
        assert words in out
    assert main(["show", "csbm_graphs", "graph=5"]) == 1
    assert "did you mean graphs" in capsys.readouterr().err
    assert main(["show", "csbm_graphs", "--output", "x.png"]) == 1
    assert "leave --output out" in capsys.readouterr().err
