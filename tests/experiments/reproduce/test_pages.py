"""Pages of docs/results: what is committed follows from the committed records."""

from dataclasses import replace

import numpy as np
import pytest
from longnn.experiments.reproduce import records, trials
from longnn.experiments.reproduce.__main__ import FOLDER, main
from longnn.experiments.reproduce.ablation import LONGNN, combinations, effects, neighbours
from longnn.experiments.reproduce.directed import beside_symmetric, charges
from longnn.experiments.reproduce.pages import page
from longnn.experiments.reproduce.pictures import page_figures
from longnn.experiments.reproduce.scores import distances, paired, published, rivals
from longnn.experiments.reproduce.targets import NINE, TARGETS, command

from longnn.data.splits import Splits
from longnn.runs.result import from_json


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_the_committed_page_follows_from_the_committed_records(name):
    found = records.read(FOLDER / "records" / f"{name}.jsonl")
    assert (FOLDER / f"{name}.md").read_text() == page(name, found, FOLDER)


@pytest.mark.parametrize("name", TARGETS)
def test_committed_records_are_written_as_they_are_read(name, tmp_path):
    committed = FOLDER / "records" / f"{name}.jsonl"
    records.write(tmp_path / "again.jsonl", records.read(committed))
    assert (tmp_path / "again.jsonl").read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("name", NINE)
def test_committed_index_sets_are_ten_splits(name):
    with np.load(FOLDER / "splits" / f"{name}.npz") as arrays:
        splits = Splits("file", arrays["part"])
    assert len(splits.part) == 10
    assert splits.train.any(1).all()
    assert splits.val.any(1).all()
    assert splits.test.any(1).all()


def record(dataset="texas", model="longnn", tests=(80.0, 90.0), identity="a", **settings):
    """A record of one run on each split."""
    rows = [{"split": s, "seed": 0, "test": t, "val": t} for s, t in enumerate(tests)]
    scores = {"mean": float(np.mean(tests)), "ci95": 1.0, "n": len(tests)}
    made = dict.fromkeys(records.KEPT, "") | {
        "identity": identity, "dataset": dataset, "model": model, "metric": "accuracy",
        "per_run": rows, "diverged": 0, "versions": {"jax": "1"}, "backend": "native",
        "test": scores, "val": scores, "seconds": {},
    }  # fmt: skip
    parts = {"learnable": True, "scale": "orthonormal", "coefficient_decomposition": True,
             "initial_coefficients": "ones",
             "layer_norm": False}  # fmt: skip
    of_model = parts | {k: v for k, v in settings.items() if k not in ("decay", "tuned")}
    optim = {"decay": settings.get("decay", "factors")}
    tuned = settings.get("tuned", "published")
    parts = {"model": of_model, "optim": optim, "tuned": tuned}
    return records.Record(from_json(made), parts)


def test_paired_rows():
    reference = {"LON-GNN": {"texas": {0: 79.0, 1: 92.0}, "cora": {1: 89.0}}}
    rows = [record(), record("cora"), record("mine", identity="c")]
    table = paired("t", "LON-GNN", rows, reference)
    assert table.rows == [
        ("texas", "2", "85.00 +- 1.00", "85.50", "-0.50 (1.50)", "2", "yes"),
        ("cora", "2", "85.00 +- 1.00", "89.00", "+1.00 (0.00)", "1", "yes"),
        ("mine", "2", "85.00 +- 1.00", "-", "-", "-", "-"),
    ]
    worse = paired("t", "LON-GNN", [record(tests=(70.0, 82.9))], reference)
    assert worse.rows[0][-1] == "NO"


def test_distances_from_the_published_figures():
    """arXiv 2302.12432 has 68.53 and 80.08 for BernNet on Chameleon and Citeseer."""
    rows = [
        record("chameleon", "bernnet", (69.0, 70.0)),
        record("chameleon", "bernnet", (75.0, 75.0), identity="b", tuned="search"),
        record("citeseer", "bernnet", (80.0, 80.0), identity="c", tuned="search"),
    ]
    table = distances(rows, FOLDER, ("citeseer", "chameleon"))
    assert table.header == (
        "model",
        "citeseer, searched",
        "chameleon, authors' values",
        "chameleon, searched",
    )
    assert table.rows == [("BernNet", "-0.08", "+0.97", "+6.47")]


def test_published_figures_are_quoted_for_their_protocol():
    drawn, shipped = published(FOLDER, ["actor"]), published(FOLDER, ["actor"], protocol="fixed")
    assert "| FavardGNN | 43.05 +- 0.53 |" in drawn
    assert "36.53" not in drawn
    assert "| MLP | 36.53 +- 0.70 |" in shipped
    assert "43.05" not in shipped


def test_rivals_are_paired_by_split():
    ours = [record("chameleon", tests=(80.0, 90.0)), record("texas", tests=(1.0, 2.0))]
    theirs = [
        record("chameleon", "bernnet", (79.0, 86.0), identity="b"),
        record("chameleon", "bernnet", (80.0, 91.0), identity="c", tuned="search"),
        record("citeseer", "gprgnn", (80.0, 80.0), identity="d"),
    ]
    table = rivals(ours, theirs, ("citeseer", "chameleon", "texas"))
    assert table.header == ("model", "chameleon")
    assert table.rows == [
        ("BernNet, authors' values", "82.50 (+2.50, s.e. 1.50)"),
        ("BernNet, searched", "85.50 (-0.50, s.e. 0.50)"),
    ]


def test_effects_and_combinations():
    rows = [
        record(tests=(80.0, 90.0), identity="a"),
        record(tests=(81.0, 93.0), identity="b", learnable=False),
        record(tests=(70.0, 70.0), identity="c", decay="theta"),
        record(tests=(72.0, 74.0), identity="d", decay="theta", learnable=False),
    ]
    alone = dict(effects("t", neighbours(rows)).rows)
    assert alone["basis: fixed instead of learned"] == "+2.00 (1.00)"
    assert alone["decay: theta instead of factors"] == "-15.00 (5.00)"
    by_name = dict(effects("t", rows).rows)
    # (1, 3) and (2, 4), so 1.5 and 3.5 by split
    assert by_name["basis: fixed instead of learned"] == "+2.50 (1.00)"
    # (-10, -20) and (-9, -19)
    assert by_name["decay: theta instead of factors"] == "-14.50 (5.00)"
    assert by_name["PCD: off instead of on"] == "-"
    table = combinations(rows)
    assert table.header == ("basis", "scale", "PCD", "decay", "start", "layer norm", "texas")
    assert table.rows[0] == (*LONGNN, "85.00 +- 1.00")
    assert len(table.rows) == 4


def test_figures_show_the_records(tmp_path):
    rows = [record(), record(tests=(60.0, 70.0), identity="b", learnable=False)]
    figure = page_figures("ablation", rows, FOLDER)["ablation.png"]
    axes, combined = figure.axes
    assert axes.get_title() == "all else as in LON-GNN"
    assert figure.get_supxlabel().startswith("change of test accuracy [points]")
    assert [c.get_label() for c in combined.containers] == ["texas"]
    (drawn,) = [c for c in axes.containers if c.get_label() == "texas"]
    assert list(drawn.lines[0].get_xdata()) == [-20.0]
    figure = page_figures("published", [record()], FOLDER)["published.png"]
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["JacobiConv, reference", "LON-GNN", "LON-GNN, reference"]
    ours = next(line for line in axes.lines if len(line.get_xdata()) == 2)
    np.testing.assert_allclose(sorted(ours.get_xdata()), [80.0, 90.0])
    assert page_figures("fixed", [], FOLDER) == {}


def test_a_figure_tells_searched_from_published():
    rows = [
        record("chameleon", "bernnet"),
        record("chameleon", "bernnet", identity="b", tuned="search"),
        record("actor", "favardgnn", identity="c"),  # in the tables alone
    ]
    (axes,) = page_figures("family", rows, FOLDER)["family.png"].axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["BernNet", "BernNet, searched"]


def with_operator(operator, tests, charge=0.25, validation=None, dataset="photo"):
    made = record(dataset, tests=tests, identity=f"{dataset}{operator}{charge}")
    val = replace(made.result.val, mean=validation or float(np.mean(tests)))
    graph = {"operator": operator, "charge": charge}
    return records.Record(replace(made.result, val=val), {**made.settings, "graph": graph})


def test_operators_of_directed_graphs_are_paired_and_the_charge_is_chosen_on_validation_nodes():
    rows = [
        with_operator("symmetric", (80.0, 90.0)),
        with_operator("directions", (81.0, 92.0)),
        with_operator("magnetic", (80.0, 88.0), 0.0, 70.0),
        with_operator("magnetic", (83.0, 90.0), 0.1, 75.0),
        with_operator("magnetic", (99.0, 99.0), 0.2, 74.0),
        with_operator("magnetic", (98.0, 98.0), 0.25, 75.0),
        record("computers", identity="old"),
    ]
    table = beside_symmetric(rows)
    base = "85.00 +- 1.00"
    assert table.rows == [
        ("photo", base, "+1.50 (0.50)", "0.1", "+1.50 (1.50)", "-1.00 (1.00)", "+2.50 (0.50)"),
        ("computers", base, "-", "-", "-", "-", "-"),
    ]
    assert charges(rows).rows == [
        ("photo", "70.00 / 84.00", "75.00 / 86.50", "74.00 / 99.00", "75.00 / 98.00")
    ]
    text = page("directed", rows, FOLDER)
    assert "Not run yet: chameleon_filtered_directed, squirrel_filtered_directed. A dash" in text
    axes, _ = page_figures("directed", rows, FOLDER)["directed.png"].axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["LON-GNN", "LON-GNN, directions", "LON-GNN, magnetic"]


def test_commands_name_the_datasets_asked_for():
    sweep = TARGETS["published"].sweeps[0]
    arguments = command(sweep, "runs/x", ("cora", "photo", "elsewhere"))
    assert arguments[:2] == ["-m", "dataset=cora,photo"]
    assert arguments[-1] == "hydra.sweep.dir=runs/x"
    assert command(sweep, "runs/x", ("elsewhere",)) == []


@pytest.mark.slow
def test_records_of_a_run_are_read_back(train, tmp_path):
    from longnn.experiments.report.runs import collect

    train("dataset.nodes=60", "dataset.features=8", "split.count=2", "optim.max_epochs=3",
          "chunk=3", "figures=false", "hydra.run.dir=runs/a")  # fmt: skip
    (run,) = collect([tmp_path / "runs"]).runs
    found = records.record_of(run)
    file = tmp_path / "r.jsonl"
    records.write(file, [found])
    assert str(tmp_path) not in file.read_text()
    assert records.read(file) == [found]
    newer = found._replace(result=replace(found.result, diverged=1))
    assert records.merged([found], [newer]) == [newer]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "line 1 is no record"), ("{}", "line 1 is no record of a run .it lacks backend")],
)
def test_damaged_records_are_named(tmp_path, text, message):
    file = tmp_path / "r.jsonl"
    file.write_text(text + "\n")
    with pytest.raises(ValueError, match=message):
        records.read(file)


def test_trials_of_no_search(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["searched", "--render", "--output", str(tmp_path), "--trials", str(tmp_path / "x")])
    assert stopped.value.code == 2
    assert "no finished search in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unknown_page(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["tabel", "--render"])
    assert stopped.value.code == 2
    assert "unknown page 'tabel'; choose of published" in capsys.readouterr().err


def search(dataset="texas", validation=(90.0, 80.0, 70.0, 60.0), test=(71.0, 72.0, 60.0, 50.0)):
    return {"dataset": dataset, "model": "longnn", "splits": 3,
            "validation": list(validation), "test": list(test)}  # fmt: skip


def test_what_a_search_could_see():
    (row,) = trials.searches_table([search()]).rows
    # ranks of test by falling validation: 3 4 2 1, so 1 - 6 * (1 + 1) / 60
    assert row == ("LON-GNN", "texas", "4", "90.00", "71.00", "63.25", "72.00", "+0.80", "-")
    figure = trials.clouds([search(), search("cora")])
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("texas", "cora")
    cloud, star = first.lines
    np.testing.assert_array_equal(cloud.get_xdata(), [90, 80, 70, 60])
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([90.0], [71.0])


@pytest.mark.slow
def test_trials_of_a_search_are_taken_into_the_record(train, tmp_path, capsys):
    """The chosen trial first, also where others validate as well."""
    train("-m", "dataset.nodes=60", "dataset.features=8", "split.count=2", "optim.max_epochs=3",
          "chunk=3", "figures=false", "hydra/sweeper=optuna", "hydra.sweeper.trials=3",
          "+hydra.sweeper.params={model.alpha: [0.0, 0.5, 1.0]}",
          "hydra.sweep.dir=runs/s")  # fmt: skip
    found = trials.trials_of(tmp_path / "runs" / "s")
    assert (found["dataset"], found["model"], found["splits"]) == ("csbm", "longnn", 2)
    assert len(found["validation"]) == len(found["test"]) <= 3
    assert found["validation"][0] == max(found["validation"])
    file = tmp_path / "trials.jsonl"
    trials.add(file, [found])
    trials.add(file, [found | {"splits": 9}])
    assert [t["splits"] for t in trials.read(file)] == [9]
