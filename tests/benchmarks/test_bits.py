"""The page of terms in few bits says what its records say."""

import numpy as np

from benchmarks import bits_page


def record(trained):
    rng = np.random.default_rng(0)
    scores = (80 + rng.random(10)).tolist()
    row = {"bits": [[8] * 11] * 10, "share": [0.24] * 10, "error": [1e-3] * 10}
    row |= {"scores": scores, "changed": [0.01] * 10}
    return {
        "dataset": "cora",
        "metric": "accuracy",
        "nodes": 2708,
        "features": 1433,
        "errors": rng.random((10, 11, 5)).tolist(),
        "bytes": [8, 4, 2, 1, 1],
        "plain": 16,
        "scores": scores,
        "rows": {"float32": row, "policy, 0.25": row, "1 bits": row},
        "trained": (np.array(scores) + trained).tolist(),
        "seconds": 90.0,
    }


def test_a_loss_beyond_the_limit_is_no_yes():
    wave = np.tile([-0.3, 0.3], 5)  # a standard error of 0.1
    for loss, word in ((0.0, "yes"), (-0.39, "yes"), (-0.41, "no"), (-5.0, "no")):
        page = bits_page.page([record(wave + loss)])
        assert f"| {loss:+.2f} +- 0.10 | {word} |" in page
        assert "24.0 %" in page
        assert "8 (10)" in page


def test_a_record_takes_the_place_of_an_earlier_one(tmp_path, monkeypatch):
    monkeypatch.setattr(bits_page, "RECORDS", tmp_path / "bits.jsonl")
    first, other = record(0.0), record(0.0) | {"dataset": "photo"}
    for one in (first, other, first | {"seconds": 7.0}):
        bits_page.keep(one)
    assert [(r["dataset"], r["seconds"]) for r in bits_page.read()] == [("photo", 90), ("cora", 7)]


def test_the_committed_page_follows_from_the_committed_records():
    records = bits_page.read()
    assert {"cora", "minesweeper"} <= {r["dataset"] for r in records}
    assert bits_page.PAGE.read_text() == bits_page.page(records)
