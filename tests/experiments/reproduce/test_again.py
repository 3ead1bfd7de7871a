"""The published code run again beside its reference run and beside ours."""

import json

from longnn.experiments.reproduce.again import FILE, followed, run_again, with_others

from longnn.runs.result import TrainedModel
from tests.experiments.reproduce.test_pages import FOLDER, record


def run(split, seed, test):
    return {"split": split, "seed": seed, "val": 90.0, "test": test}


def test_followed_runs_stand_in_the_order_of_the_datasets():
    one = {"epochs": 150, "loss": 1.8e-6, "val_differs": 2, "test": [88.013, 88.02]}
    table = followed([{"dataset": "photo", **one}, {"dataset": "cora", **one}])
    assert table.rows == [
        ("cora", "150", "2e-06", "2", "88.01", "88.02"),
        ("photo", "150", "2e-06", "2", "88.01", "88.02"),
    ]


def test_other_seeds_by_hand():
    """Theirs are 81 (split 0, of two) and 90, the reference's 80 and 91, ours 80 and 90."""
    runs = {"cora": [run(0, 1, 80.0), run(0, 2, 82.0), run(1, 1, 90.0)]}
    ours = {"cora": [TrainedModel(**run(0, 0, 80.0)), TrainedModel(**run(1, 0, 90.0))]}
    table = with_others(runs, ours, {"cora": {0: 80.0, 1: 91.0}})
    assert table.rows == [
        ("cora", "3", "85.50", "+0.00 (1.00)", "2", "85.00", "-0.50 (0.50)", "-0.50 (0.50)")
    ]


def test_the_section_holds_what_was_measured():
    found = json.loads((FOLDER / FILE).read_text())
    records = [record(name, "jacobiconv") for name in found["runs"]]
    reference = {"JacobiConv": {name: {0: 80.0, 1: 90.0} for name in found["runs"]}}
    text = "\n\n".join(run_again(FOLDER, records, reference))
    for run in found["followed"]:
        assert f"| {run['dataset']} | {run['epochs']} |" in text
    for name, runs in found["runs"].items():
        assert f"| {name} | {len(runs)} |" in text
