"""Tables come from run directories, and comparisons from pairs."""

import json

import numpy as np
import pytest

from experiments import paired, report
from experiments.summary import statistics


def _result(dataset="cora", split="per_class", split_hash="a" * 64, model="longnn", tests=(80, 90)):
    return {
        "identity": (model + dataset) * 4,
        "dataset": dataset,
        "split": split,
        "split_hash": split_hash,
        "metric": "accuracy",
        "model": model,
        "test": statistics(np.array(tests, float)),
        "val": statistics(np.array([50.0])),
        "per_run": [
            {"split": i, "seed": 0, "test": t, "alpha": 0.5 * i} for i, t in enumerate(tests)
        ],
    }


def _write(folder, name, result):
    (folder / name).mkdir(parents=True)
    (folder / name / "result.json").write_text(json.dumps(result))


def test_statistics_by_hand():
    # t(0.975, 1) = 12.7062; std of (80, 90) is 7.0711, of the mean 5
    got = statistics(np.array([80.0, 90.0]))
    assert got == pytest.approx({"mean": 85.0, "std": 7.0710678, "ci95": 63.531, "n": 2}, rel=1e-5)
    assert statistics(np.array([80.0])) == {"mean": 80.0, "std": None, "ci95": None, "n": 1}


def test_protocols_are_never_in_one_table(tmp_path, capsys):
    _write(tmp_path, "a", _result())
    _write(tmp_path, "b", _result(model="mlp", tests=(10, 20)))
    _write(tmp_path, "c", _result(split="fixed", split_hash="b" * 64))
    (tmp_path / "a" / "filter.png").touch()
    report.main([str(tmp_path)])
    out = capsys.readouterr().out
    first, second = out.split("\n\n**")
    assert "split `fixed`" in first
    assert "split `per_class`" in second
    assert second.count("\n| ") == 3  # header and two models
    assert "| longnn | longnnco | 85.00 +- 63.53 | 50.00 | 2 | 0.25 | - |" in second
    assert "filter.png" in out


def test_no_run_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        report.main([str(tmp_path)])
    assert "no finished run below" in capsys.readouterr().err


def test_pairs_average_seeds_within_splits():
    result = _result(tests=(80, 90, 70))
    result["per_run"] += [{"split": i, "seed": 1, "test": t} for i, t in enumerate((82, 92, 72))]
    got = paired.compare(result, {0: 80.0, 1: 90.0, 2: 74.0})
    # differences by split: 1, 1, -3; mean -1/3, std 2.3094, over sqrt(3) 1.3333
    assert got.difference == pytest.approx(-1 / 3)
    assert got.standard_error == pytest.approx(4 / 3)
    assert got.not_below
    assert not paired.compare(result, {0: 90.0, 1: 100.0, 2: 80.0}).not_below


def test_other_splits_are_refused():
    with pytest.raises(ValueError, match="split=file"):
        paired.compare(_result(), {0: 80.0, 1: 90.0, 2: 70.0})


@pytest.mark.parametrize(("reference", "code"), [((80.0, 90.0), 0), ((90.0, 100.0), 1)])
def test_command(tmp_path, capsys, reference, code):
    _write(tmp_path, "run", _result())
    rows = [{"seed": i, "test": t} for i, t in enumerate(reference)]
    known = {"node_classification": {"cora": {"lon_gnn_eval_dropout_fixed": {"per_seed": rows}}}}
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(known))
    arguments = [str(tmp_path / "run"), "--reference", str(file)]
    if code:
        with pytest.raises(SystemExit) as stopped:
            paired.main(arguments)
        assert stopped.value.code == code
    else:
        paired.main(arguments)
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.endswith("| NO |" if code else "| yes |")
