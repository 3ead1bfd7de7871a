"""``longnn predict``: a run trained on a user's own tables, asked about nodes that joined later."""

import csv
from pathlib import Path

import numpy as np
import pandas
import pytest
from longnn.experiments.data import main as show
from longnn.experiments.predict import main
from scipy.special import softmax

import longnn
from longnn.data import edgelist, npz
from longnn.training import Predictions
from tests.experiments.conftest import SMALL
from tests.longnn.runs.made import RUNS, change_arrays, written
from tests.toy import C, F

RNG = np.random.default_rng(0)
PEOPLE = [f"p{number:02}" for number in range(30)]
KIND = np.where(np.arange(30) % 2, "cat", "dog")
AGE, SIZE = RNG.normal(40, 9, 30), RNG.normal(0, 1, 30) + 2 * (KIND == "cat")
ENDS = np.argwhere(np.triu(RNG.random((30, 30)) < np.where(KIND[:, None] == KIND, 0.4, 0.05), 1))
KNOWN = 24  # the first people; the others join later


def tables(folder: Path, people: int, columns=("age", "size"), **named: str) -> list[str]:
    """Tables of edges and features of the first people, and their paths."""
    values = {"age": AGE, "size": SIZE}
    frame = pandas.DataFrame({"person": PEOPLE} | {c: values[c] for c in columns})[:people]
    ends = [(PEOPLE[a], PEOPLE[b]) for a, b in ENDS if max(a, b) < people]
    paths = [folder / named.get(key, f"{key}{people}.csv") for key in ("edges", "features")]
    for path, table in zip(paths, (pandas.DataFrame(ends, columns=["a", "b"]), frame), strict=True):
        table.to_parquet(path, index=False) if path.suffix == ".parquet" else table.to_csv(
            path, index=False
        )
    return list(map(str, paths))


@pytest.fixture
def trained(train, tmp_path) -> str:
    """A run on the people that are known, with scaled features."""
    edges, features = tables(tmp_path, KNOWN)
    labels = tmp_path / "labels.csv"
    pandas.DataFrame({"person": PEOPLE, "kind": KIND})[: KNOWN - 2].to_csv(labels, index=False)
    train(
        *SMALL[2:], "dataset=edgelist", f"dataset.edges={edges}", f"dataset.features={features}",
        f"dataset.labels={labels}", "dataset.normalize=standard", "model.order=2",
        "hydra.run.dir=run", "figures=false",
    )  # fmt: skip
    return str(tmp_path / "run")


def rows_of(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_people_who_joined_later(trained, tmp_path, capsys):
    edges, features = tables(tmp_path, 30, ("size", "age"), features="f.parquet")
    out = str(tmp_path / "out.csv")
    given = [trained, "--graph", edges, "--features", features, "--out", out]
    assert main(given) == 0
    assert "30 nodes, 2 classes, mean of 2 models" in capsys.readouterr().out
    rows = rows_of(out)
    assert [row["node"] for row in rows] == PEOPLE
    assert list(rows[0]) == ["node", "class", "probability", "P(cat)", "P(dog)"]
    # the same by hand: features scaled as in training, columns put in order
    run = longnn.load(trained)
    grown = longnn.Graph.from_edges(ENDS, 30)
    found = run.predict(grown, np.stack([AGE, SIZE], 1))
    written = np.array([[float(row["P(cat)"]), float(row["P(dog)"])] for row in rows])
    np.testing.assert_allclose(written, found.probabilities, atol=1e-6)
    assert [row["class"] for row in rows] == found.predicted.tolist()
    # some of them, of one model, and only where it is sure
    table = str(tmp_path / "out.parquet")
    asked = ["--nodes", "p29", "p03", "--runs", "1", "--threshold", "0.99"]
    assert main([*given[:-1], table, *asked]) == 0
    read = pandas.read_parquet(table)
    assert read["node"].tolist() == ["p29", "p03"]
    assert read["class"].isna().all()
    np.testing.assert_allclose(
        read["P(dog)"], np.exp(run.predict(grown, np.stack([AGE, SIZE], 1)).outputs[1, [29, 3], 1]),
        atol=1e-6,
    )  # fmt: skip
    assert "0 of 2 nodes at or above 0.99" in capsys.readouterr().out
    # its own people, of whom two had no label
    assert main([trained, "--out", out]) == 0
    assert [row["node"] for row in rows_of(out)] == PEOPLE[:KNOWN]
    means = np.exp(run.outputs).mean(axis=0)
    np.testing.assert_allclose([float(r["P(cat)"]) for r in rows_of(out)], means[:, 0], atol=1e-6)


@pytest.mark.slow
def test_an_npz_file_with_names_that_are_numbers(trained, tmp_path, capsys):
    names = np.arange(30) + 1000
    arrays = {"edges": ENDS, "features": np.stack([SIZE, AGE], 1), "nodes": names}
    arrays |= {"feature_names": np.array(["size", "age"]), "labels": np.zeros(30, int)}
    np.savez(tmp_path / "new.npz", part=np.zeros((1, 30), int), **arrays)
    out = tmp_path / "out.csv"
    given = [trained, "--graph", str(tmp_path / "new.npz"), "--out", str(out)]
    assert main([*given, "--nodes", "1029", "1000"]) == 0
    assert [row["node"] for row in rows_of(out)] == ["1029", "1000"]
    mistakes(trained, tmp_path, given, capsys)


def mistakes(run: str, folder: Path, good: list[str], capsys) -> None:
    """Each leaves with code 2 and a message that says what is wrong."""
    edges, features = tables(folder, 30)
    tables(folder, 30, ("age",), features="few.csv")
    graph, out = good[2], good[4]
    table = ["--graph", edges, "--features"]
    for arguments, message in (
        ([run, "--graph", graph, "--out", "x.txt"], "ends in '.txt', expected .csv or .parquet"),
        ([run, "--graph", graph, "--out", f"{folder}/no/x.csv"], "there is no directory"),
        ([run, "--graph", edges, "--out", out], "add --features FILE"),
        ([run, "--graph", graph, "--features", features, "--out", out], "leave --features out"),
        ([run, "--features", features, "--out", out], "give it, too"),
        ([run, *table, features, "--out", features], "would replace a file that is read"),
        ([run, *table, f"{folder}/few.csv", "--out", out], "lacks the features 'size'"),
        ([run, *table, f"{folder}/none.csv", "--out", out], "none.csv"),
        ([*good, "--nodes", "ann"], "has no node 'ann'"),
        ([*good, "--runs", "2"], "different numbers from 0 to 1"),
        ([*good, "--threshold", "80"], "threshold must lie in [0, 1], got 80"),
        ([*good, "--ignore", "colour"], "ignore names 'colour'"),
        ([str(folder), *good[1:]], "holds 1 of them; open one, for instance"),
        ([f"{folder}/nowhere", *good[1:]], "there is no such directory"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert message in capsys.readouterr().err, message


@pytest.fixture
def asked(tmp_path) -> list[str]:
    """The arguments for a run that was made by hand, and a graph for it."""
    written(tmp_path / "run", "mlp")
    parameters = tmp_path / "run" / "parameters.npz"
    single = {k: v.astype(np.float32) for k, v in np.load(parameters).items()}
    change_arrays(parameters, **single)  # its config says so
    features = np.random.default_rng(1).normal(size=(9, F))
    np.savez(tmp_path / "new.npz", edges=[[0, 1], [1, 2]], features=features)
    given = ["--graph", str(tmp_path / "new.npz"), "--out", str(tmp_path / "out.csv")]
    return [str(tmp_path / "run"), *given]


def test_a_run_made_by_hand(asked, tmp_path, capsys):
    assert main([*asked, "--nodes", "8", "2"]) == 0
    w, x = longnn.load(tmp_path / "run").params, np.load(tmp_path / "new.npz")["features"]
    said = []
    for run in range(RUNS):  # two layers by numpy, and the softmax of scipy
        inside = np.maximum(x @ w["first.kernel"][run] + w["first.bias"][run], 0)
        said.append(softmax(inside @ w["second.kernel"][run] + w["second.bias"][run], axis=1))
    rows = rows_of(tmp_path / "out.csv")
    assert [row["node"] for row in rows] == ["8", "2"]
    found = [[float(row[f"P({c})"]) for c in range(C)] for row in rows]
    np.testing.assert_allclose(found, np.mean(said, axis=0)[[8, 2]], rtol=1e-4)


VALUES = Predictions(np.arange(9), np.zeros((1, 9, 1)), (), "mlp on pets")


@pytest.mark.parametrize(
    ("found", "more", "message"),
    [
        (VALUES, ["--threshold", "0.5"], "mlp on pets predicts no single class a node; leave --th"),
        (OSError("No space left on device"), [], "No space left on device"),
        (ImportError("pyarrow"), [], "pyarrow"),
    ],
)
def test_what_goes_wrong_later(asked, found, more, message, monkeypatch, capsys):
    def predicted(*_):
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("longnn.experiments.predict._predictions", predicted)
    with pytest.raises(SystemExit, match="2"):
        main([*asked, *more])
    assert message in capsys.readouterr().err
    assert not Path(asked[-1]).exists()


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    for option in ("RUN", "--graph", "--features", "--nodes", "--out", "--threshold", "--runs"):
        assert option in text
    assert max(map(len, text.splitlines())) <= 100


def test_own_files_without_labels(tmp_path, capsys):
    edges, features = tables(tmp_path, 30)
    data = edgelist.load(edges, features)
    assert data.node_names.tolist() == PEOPLE
    assert data.feature_names == ("age", "size")
    assert (data.classes, data.class_names, data.labelled.any()) == (0, (), False)
    np.savez(tmp_path / "new.npz", edges=ENDS, features=np.stack([AGE, SIZE], 1))
    same = npz.load(tmp_path / "new.npz")
    assert show(["show", "npz", f"dataset.path={tmp_path}/new.npz"]) == 0
    assert "none, since no node has a label" in capsys.readouterr().out
    np.testing.assert_array_equal(same.features, data.features)
    assert same.node_names is None
    for refused in (
        lambda: longnn.data.splits.random(data),
        lambda: longnn.data.splits.stratified(same),
        lambda: longnn.fit("mlp", data, None),
    ):
        with pytest.raises(ValueError, match=r"has a label, so that it can only be predicted on"):
            refused()
