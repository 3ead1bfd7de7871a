"""``longnn data store``, ``propagate`` and ``show`` of a folder, and predictions of its nodes."""

import csv
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from longnn.experiments.data import main
from longnn.experiments.jobs.how_far import counting, duration
from longnn.experiments.predict import main as predict
from rich.console import Console

import longnn
import polybases
from longnn import stores
from longnn.stores.propagation import propagate
from tests.longnn.runs.made import change_arrays, written
from tests.toy import C, F

EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [1, 3], [2, 2]])


@pytest.fixture
def files(tmp_path):
    """Edges in each form, and arrays of five nodes, the last of which is isolated."""
    (tmp_path / "e.csv").write_text("source,target\n" + "\n".join(f"{a},{b}" for a, b in EDGES))
    np.savez(tmp_path / "e.npz", edges=EDGES)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((5, 3)))
    np.save(tmp_path / "y.npy", np.array([0, 1, 0, -1, 1]))
    np.save(tmp_path / "part.npy", np.array([0, 1, 2, -1, 0]))
    return tmp_path


@pytest.mark.parametrize("name", ["e.csv", "e.npz"])
def test_a_graph_of_a_file(files, capsys, name):
    assert main(["store", str(files / "g"), "--edges", str(files / name)]) == 0
    out = capsys.readouterr().out
    assert "store                graph in" in out
    assert "nodes                4\n" in out
    assert "entries              10\n" in out
    loops = ["--self-loops", "keep", "--num-nodes", "7"]
    assert main(["store", str(files / "h"), "--edges", str(files / name), *loops]) == 0
    assert "isolated nodes       3\n" in capsys.readouterr().out
    expected = longnn.Graph.from_edges(EDGES, 7, self_loops="keep")
    assert np.array_equal(stores.open_graph(files / "h").graph().senders, expected.senders)


def test_a_dataset_of_files_and_its_terms(files, capsys):
    names = {"edges": "e.npz", "features": "x.npy", "labels": "y.npy", "part": "part.npy"}
    given = [f"--{name}={files / file}" for name, file in names.items()]
    assert main(["store", str(files / "d"), *given]) == 0
    out = capsys.readouterr().out
    assert "labelled nodes       4\n" in out
    assert "training nodes       2\n" in out
    assert main(["show", str(files / "d")]) == 0
    assert capsys.readouterr().out == out
    assert (
        main(["propagate", str(files / "d"), str(files / "t"), "--order", "3", "--alpha=0.5"]) == 0
    )
    assert "order                3\n" in capsys.readouterr().out
    data = stores.StoredDataset(files / "d")
    basis = polybases.jacobi(3, np.float64(0.5), np.float64(0))
    same = propagate(files / "same", data.graph, data, basis)
    terms = stores.StoredTerms(files / "t")
    assert np.array_equal(terms.rows(0, 5), same.rows(0, 5))
    # of the graph alone, with features of a file
    words = [str(files / "d" / "graph"), str(files / "u"), "--order=3", "--alpha=0.5"]
    assert main(["propagate", *words, f"--features={files / 'x.npy'}"]) == 0
    np.testing.assert_allclose(
        stores.StoredTerms(files / "u").rows(0, 5), same.rows(0, 5), atol=1e-6
    )


@pytest.mark.parametrize(
    ("words", "nodes"),
    [
        (["power_law", "nodes=200", "mean_degree=4", "seed=2"], 200),
        (["grid", "rows=5", "columns=6", "periodic=true"], 30),
        (["sbm", "nodes=60", "classes=3", "inside=6.5"], 60),
        (["geometric", "nodes=90", "mean_degree=5"], 90),
    ],
)
def test_generated_graphs(tmp_path, capsys, words, nodes):
    assert main(["store", str(tmp_path / "g"), "--generate", *words]) == 0
    assert f"nodes                {nodes}\n" in capsys.readouterr().out


def test_a_zip_file_of_ogb(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "no.zip", "w") as archive:
        archive.writestr("products/readme", "nothing")
    assert main(["store", str(tmp_path / "p"), "--ogb", str(tmp_path / "no.zip")]) == 1
    assert "no.zip" in capsys.readouterr().err


REFUSED = {
    "two keys": (["--generate", "grid", "rows=3", "nodes=4"], "grid takes KEY=VALUE with rows, c"),
    "no number": (["--generate", "sbm", "nodes=many"], "nodes=many: expected a number, got 'many'"),
    "no size": (["--generate", "grid", "rows=3"], "grid needs columns=..."),
    "wrong size": (["--generate", "power_law", "nodes=1"], "nodes >= 2"),
    "no kind": (["--generate", "gird", "rows=3"], "kind of graph 'gird': did you mean grid"),
    "labels alone": (["--edges", "e.csv", "--labels", "y.npy"], "add --features FILE.npy"),
    "of the graph": (["--generate", "grid", "rows=3", "columns=3", "--features", "x.npy"],
                     "--features belong to --edges"),
    "rules of ogb": (["--ogb", "p.zip", "--self-loops", "keep"], "--self-loops do not belong"),
    "ending": (["--edges", "e.txt"], "e.txt ends in '.txt', expected one of .csv"),
    "missing": (["--edges", "none.csv"], "none.csv"),
    "no array": (["--edges", "e.csv", "--features", "e.csv"], "expected .npy"),
    "damaged": (["--edges", "e.csv", "--features", "bad.npy"], "bad.npy cannot be read"),
    "a vector": (["--edges", "e.csv", "--features", "y.npy"], "expected numbers: features [N, F]"),
    "few": (["--edges", "e.csv", "--features", "x.npy", "--num-nodes", "9"], "says 9 nodes, but"),
    "few labels": (["--edges=e.csv", "--features=x.npy", "--labels=few.npy"], "says 2 nodes, but"),
    "no memory": (["--edges", "e.csv", "--memory-gb", "0"], "memory_gb > 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_why(files, monkeypatch, capsys, case):
    monkeypatch.chdir(files)
    (files / "bad.npy").write_bytes(b"nothing")
    np.save(files / "few.npy", np.array([0, 1]))
    words, message = REFUSED[case]
    assert main(["store", "made", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (files / "made").exists()
    assert not (files / ".made.partial").exists()


def test_what_is_there_and_what_does_not_fit(files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    assert main(["store", "g", "--edges", "e.npz"]) == 0
    for words, message in (
        (["store", "g", "--edges", "e.npz"], "g exists; delete it"),
        (["propagate", "g", "t", "--order", "2"], "g is a graph without features; add --features"),
        (["propagate", "g", "t", "--order", "2", "--features", "x.npy"], "N = 4, got shape (5, 3)"),
        (["propagate", "g", "t", "--order", "0", "--features", "x.npy"], "at least 1, got 0"),
        (["propagate", "no", "t", "--order", "2"], "no holds no finished store"),
        (["show", "g", "--output", "g.png"], "g is a store, which takes no KEY=VALUE"),
    ):
        assert main(words) == 1
        assert message in capsys.readouterr().err
    (files / "g" / "store.json").write_text("{")
    assert main(["show", "g"]) == 1
    assert "is damaged" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["store", "--help"])
    assert "longnn data store law --generate power_law" in capsys.readouterr().out


def test_progress_on_a_terminal_and_elsewhere(monkeypatch, caplog):
    assert [duration(s) for s in (4.2, 75, 7300)] == ["4 s", "1 min 15 s", "2 h 1 min"]
    console = Console(force_terminal=True, width=80, record=True)
    with console.capture() as shown, counting(console) as tell:
        tell("product 3 of 10, 4 s left")
        time.sleep(0.3)
    assert "product 3 of 10, 4 s left" in shown.get()
    monkeypatch.setattr("longnn.experiments.jobs.how_far.EVERY", 0.0)
    with caplog.at_level("INFO"), counting(Console(force_terminal=False)) as tell:
        tell("reading: 5 edges")
    assert "reading: 5 edges" in caplog.text


@pytest.mark.slow
def test_killed_work_leaves_nothing_that_stays(tmp_path):
    """The folder appears only when it is complete; the next one removes what was left."""
    words = ["--generate", "power_law", "nodes=2000000", "--memory-gb", "0.1"]
    command = [sys.executable, "-m", "longnn.experiments.data", "store", "g"]
    work = subprocess.Popen([*command, *words], cwd=tmp_path)
    for _ in range(600):
        if (tmp_path / ".g.partial").exists():
            break
        time.sleep(0.05)
    os.kill(work.pid, signal.SIGKILL)
    assert work.wait() == -signal.SIGKILL
    assert not (tmp_path / "g").exists()
    assert (tmp_path / ".g.partial").exists()
    assert main(["store", str(tmp_path / "g"), "--generate", "grid", "rows=4", "columns=4"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["g"]


def test_few_nodes_of_a_store_are_predicted(tmp_path, capsys):
    written(tmp_path / "run", "mlp")
    parameters = tmp_path / "run" / "parameters.npz"
    single = {k: v.astype(np.float32) for k, v in np.load(parameters).items()}
    change_arrays(parameters, **single)  # its config says so
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.standard_normal((400, F)))
    stores.grid(tmp_path / "g", 20, 20)
    out = tmp_path / "out.csv"
    graph = ["--graph", str(tmp_path / "g")]
    given = [str(tmp_path / "run"), *graph, "--out", str(out), "--nodes", "7", "300"]
    assert predict([*given, "--features", str(tmp_path / "x.npy")]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["node"] for row in rows] == ["7", "300"]
    assert len(rows[0]) == 3 + C
    for more, message in (
        ([], "is a graph without features; add --features FILE.npy"),
        (["--ignore", "x"], "is a store without other arrays"),
    ):
        with pytest.raises(SystemExit, match="2"):
            predict([*given, *more])
        assert message in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="2"):
        predict([given[0], "--graph", str(tmp_path / "empty"), "--out", str(out)])
    assert "holds no finished store" in capsys.readouterr().err
