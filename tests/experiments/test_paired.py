"""A run beside a reference, split by split."""

import json

import numpy as np
import pytest
from longnn.experiments import paired
from longnn.experiments.summary import statistics


def _result(tests=(80, 90)):
    return {
        "identity": "a" * 64,
        "dataset": "cora",
        "test": statistics(np.array(tests, float)),
        "per_run": [{"split": i, "seed": 0, "test": t} for i, t in enumerate(tests)],
    }


def _write(folder, name, result):
    (folder / name).mkdir(parents=True)
    (folder / name / "result.json").write_text(json.dumps(result))


def test_statistics_by_hand():
    # t(0.975, 1) = 12.7062; std of (80, 90) is 7.0711, of the mean 5
    got = statistics(np.array([80.0, 90.0]))
    assert got == pytest.approx({"mean": 85.0, "std": 7.0710678, "ci95": 63.531, "n": 2}, rel=1e-5)
    assert statistics(np.array([80.0])) == {"mean": 80.0, "std": None, "ci95": None, "n": 1}


def test_pairs_average_seeds_within_splits():
    result = _result(tests=(80, 90, 70))
    result["per_run"] += [{"split": i, "seed": 1, "test": t} for i, t in enumerate((82, 92, 72))]
    got = paired.compare(result, {0: 80.0, 1: 90.0, 2: 74.0})
    # differences by split: 1, 1, -3; mean -1/3, std 2.3094, over sqrt(3) 1.3333
    assert got.mean == pytest.approx(-1 / 3)
    assert got.standard_error == pytest.approx(4 / 3)
    assert paired.not_below(got)
    assert not paired.not_below(paired.compare(result, {0: 90.0, 1: 100.0, 2: 80.0}))


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
