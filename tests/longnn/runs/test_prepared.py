"""What was done to the features of a run, written and read again."""

import json

import numpy as np
import pytest

from longnn.data.preparation import fitted
from longnn.runs.directory import RunDirectoryError
from longnn.runs.prepared import Prepared, read_prepared

X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)


@pytest.mark.parametrize("how", ["none", "row", "standard"])
def test_numbers_are_read_back_the_same(tmp_path, how):
    prepared = Prepared(fitted(X, how), ("age", "size", "naïve"))
    (tmp_path / "preparation.json").write_text(prepared.to_json())
    read = read_prepared(tmp_path, {}, 3)
    np.testing.assert_array_equal(read.preparation(X), prepared.preparation(X))
    assert read.feature_names == prepared.feature_names


def test_a_run_of_before_this_file(tmp_path):
    assert read_prepared(tmp_path, {"normalize": "row"}, 3) is None  # its data have to say
    assert read_prepared(tmp_path, {"normalize": "none"}, 3) == Prepared()
    assert read_prepared(tmp_path, {}, 3).preparation.normalize == "none"


GOOD = json.loads(Prepared(fitted(X, "standard"), ("a", "b", "c")).to_json())

DAMAGED = {
    "no object": ([], "it is no object"),
    "another word": (
        GOOD | {"normalize": "rows"},
        "normalize is 'rows', expected one of row, none",
    ),
    "text": (GOOD | {"minimum": "0"}, "minimum is '0', expected a number"),
    "few means": (GOOD | {"mean": [0.0]}, "mean is not a list of the 3 features"),
    "no scale": ({k: v for k, v in GOOD.items() if k != "scale"}, "scale is not a list of the 3"),
    "negative": (GOOD | {"scale": [1.0, -1.0, 1.0]}, "a scale is negative"),
    "few names": (GOOD | {"feature_names": ["a"]}, "feature_names is not a list of the 3"),
    "numbers": (GOOD | {"feature_names": [1, 2, 3]}, "feature_names is not a list of the 3"),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_what_is_damaged_says_why(tmp_path, how):
    content, message = DAMAGED[how]
    (tmp_path / "preparation.json").write_text(json.dumps(content))
    with pytest.raises(RunDirectoryError, match=message):
        read_prepared(tmp_path, {}, 3)


def test_half_a_file(tmp_path):
    (tmp_path / "preparation.json").write_text('{"normal')
    with pytest.raises(RunDirectoryError, match=r"preparation.json is damaged"):
        read_prepared(tmp_path, {}, 3)
