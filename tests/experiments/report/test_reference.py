"""Runs beside reference scores, split by split, from files of each kind."""

import json
from pathlib import Path

import numpy as np
import pytest
from longnn.experiments.report.__main__ import main
from longnn.experiments.report.beside import against, any_below, reference_of
from longnn.experiments.report.compare import ComparisonError
from longnn.experiments.report.reference import read_references

from longnn.data.splits import Splits
from tests.experiments.report.made import result, run_of, summarized, write

SCORES = {0: 80.0, 1: 90.0}


def _scores(scores):
    return {"scores": {"LON-GNN": {"cora": {str(s): v for s, v in scores.items()}}}}


def _seeds(scores):
    rows = [{"seed": s, "test": v} for s, v in scores.items()]
    return {"node_classification": {"cora": {"KEY": {"per_seed": rows}, "other": {"mean": 1.0}}}}


def _known(tmp_path, content):
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize(("make", "model"), [(_scores, "LON-GNN"), (_seeds, "KEY")])
def test_scores_are_read_from_each_kind_of_file(tmp_path, make, model):
    (known,) = read_references(_known(tmp_path, make(SCORES)))
    assert (known.model, known.dataset, known.scores) == (model, "cora", SCORES)


def test_records_are_references_on_their_own_splits(tmp_path):
    file = tmp_path / "records.jsonl"
    lines = [result(val=60.0, tests=(1.0, 2.0)), result(val=70.0, tests=(80.0, 90.0))]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    references = read_references(file)
    found = reference_of(run_of(result()), references)
    assert found is not None
    assert found.scores == SCORES, "the best on validation"
    with pytest.raises(ComparisonError, match=r"bbbbbbbb \(per_class\), .*longnn on cora on aaaa"):
        reference_of(run_of(result(split_hash="b" * 64)), references)
    assert reference_of(run_of(result(model="mlp")), references) is None
    assert reference_of(run_of(result(model="mlp")), references, "longnn") == found


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"scores": {"a": {"b": {"c": 1}}}}'])
def test_what_holds_no_scores_is_named(tmp_path, text):
    file = tmp_path / "reference.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"reference\.json holds no reference scores.*measured"):
        read_references(file)


def test_seeds_are_averaged_within_splits(tmp_path):
    content = result(tests=(80.0, 90.0, 70.0))
    content["per_run"] += [row | {"seed": 1, "test": row["test"] + 2} for row in content["per_run"]]
    content = summarized(content)
    known = read_references(_known(tmp_path, _scores({0: 80.0, 1: 90.0, 2: 74.0})))
    (table,) = against([run_of(content)], known)
    # differences by split: 1, 1, -3; mean -1/3, std 2.3094, over sqrt(3) 1.3333
    assert table.rows[0][4:] == ("-0.33 (1.33)", "3", "yes")
    assert not any_below([table])
    known = read_references(_known(tmp_path, _scores({0: 90.0, 1: 100.0, 2: 80.0})))
    assert any_below(against([run_of(content)], known))


def test_other_splits_are_refused(tmp_path):
    known = read_references(_known(tmp_path, _scores({0: 80.0, 1: 90.0, 2: 70.0})))
    with pytest.raises(ComparisonError, match=r"has splits \[0, 1\].*\[0, 1, 2\].*split=file"):
        against([run_of(result())], known)


def test_a_model_that_the_file_does_not_know_is_named(tmp_path):
    known = read_references(_known(tmp_path, _scores(SCORES)))
    with pytest.raises(ComparisonError, match=r"no reference for mlp.*knows LON-GNN.*--key"):
        against([run_of(result(model="mlp"))], known)
    one, other = against([run_of(result()), run_of(result(model="mlp"))], known)
    assert one.title == "longnn beside its reference"
    assert other.rows[0][3:] == ("-", "-", "-", "-")


@pytest.mark.parametrize(
    ("make", "scores", "arguments", "code"),
    [
        (_scores, (80.0, 90.0), (), 0),
        (_scores, (90.0, 100.0), (), 1),
        (_seeds, (90.0, 100.0), ("--key", "KEY"), 1),
    ],
)
def test_command(tmp_path, capsys, make, scores, arguments, code):
    run = write(tmp_path / "run", result())
    file = _known(tmp_path, make(dict(enumerate(scores))))
    assert main([str(run), "--against", str(file), *arguments]) == code
    rows = capsys.readouterr().out.splitlines()
    (row,) = [line for line in rows if line.startswith("| cora | 2 |")]
    assert row.endswith("| NO |" if code else "| yes |")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--key", "LON-GNN"), "give that too"),
        (("--against", "nowhere.json"), "scores in nowhere.json: it is not a file; give one like"),
    ],
)
def test_refusals(tmp_path, capsys, arguments, message):
    run = write(tmp_path / "run", result())
    with pytest.raises(SystemExit) as stopped:
        main([str(run), *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


RESULTS = Path(__file__).parents[3] / "docs/results"


def test_a_run_on_other_splits_than_the_file_names_is_refused(tmp_path, capsys):
    file = _known(tmp_path, _scores(SCORES) | {"split_hashes": {"cora": "b" * 64}})
    run = write(tmp_path / "run", result())
    with pytest.raises(SystemExit) as stopped:
        main([str(run), "--against", str(file)])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert f"{run} was run on the splits aaaaaaaa (per_class)" in told
    assert "LON-GNN on cora on bbbbbbbb; train with split=file split.path=" in told


@pytest.mark.parametrize("named", [True, False])
def test_a_reference_that_names_no_splits_is_a_warning(tmp_path, capsys, named):
    content = _scores(SCORES) | ({"split_hashes": {"cora": "a" * 64}} if named else {})
    run = write(tmp_path / "run", result())
    main([str(run), "--against", str(_known(tmp_path, content))])
    out, err = capsys.readouterr()
    for text in (out, err):
        assert ("same splits of cora could not be checked" in text) is not named


def test_datasets_without_a_reference_are_named(tmp_path, capsys):
    file = _known(tmp_path, _scores(SCORES))
    other = write(tmp_path / "other", result(dataset="ring"))
    assert main([str(other), "--against", str(file)]) == 1
    told = capsys.readouterr().err
    assert "no reference for longnn on ring, so nothing was compared" in told
    assert "LON-GNN on cora" in told
    run = write(tmp_path / "run", result())
    assert main([str(run), str(other), "--against", str(file)]) == 0
    assert "no reference for longnn on ring; these rows" in capsys.readouterr().err


def test_the_measured_scores_name_the_splits_that_lie_beside_them():
    hashes = json.loads((RESULTS / "measured.json").read_text())["split_hashes"]
    lines = (RESULTS / "records/published.jsonl").read_text().splitlines()
    records = {(r["dataset"], r["split_hash"]) for r in map(json.loads, lines)}
    assert set(hashes.items()) == records
    for file in (RESULTS / "splits").glob("*.npz"):
        with np.load(file) as saved:
            part = saved["part"]
        part[:, UNLABELLED.get(file.stem, [])] = -1
        assert Splits("file", part).hash == hashes[file.stem], file.stem


UNLABELLED = {
    "citeseer": [
        *(2407, 2489, 2553, 2682, 2781, 2953, 3042, 3063),
        *(3212, 3214, 3250, 3292, 3305, 3306, 3309),
    ]
}
"""Nodes without a label, which Planetoid's list of test nodes leaves out."""
