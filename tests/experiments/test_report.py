"""Tables come from run directories."""

import json

import numpy as np
import pytest

from experiments import report
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
