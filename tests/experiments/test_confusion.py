"""The confusion matrices of a run directory."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import longnn
from longnn.runs.directory import CONFUSION, CONFUSION_PNG
from tests.experiments.conftest import SMALL


def test_the_file_is_what_the_opened_run_counts(train):
    (directory,) = train(*SMALL, "repeats=2", "model=mlp")
    run = longnn.load(directory)
    with np.load(directory / CONFUSION) as stored:
        counts = stored["counts"]
    np.testing.assert_array_equal(run.confusion(), counts)
    labels, part = run.dataset().labels, run.part
    for number, row in enumerate(run.result.per_run):
        mask = part[row.split] == 2
        predicted = run.outputs[number].argmax(axis=1)
        exact = confusion_matrix(labels[mask], predicted[mask], labels=[0, 1])
        np.testing.assert_array_equal(counts[number], exact)
        assert 100 * np.trace(counts[number]) / counts[number].sum() == pytest.approx(row.test)
    assert (directory / CONFUSION_PNG).stat().st_size > 5_000


@pytest.mark.slow
def test_a_search_draws_nothing_of_its_test_nodes(train):
    (directory,) = train(*SMALL, "model=mlp", "show_test=false")
    assert not (directory / CONFUSION_PNG).exists()
