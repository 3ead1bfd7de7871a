"""A training that was killed goes on to the last bit; what cannot be gone on from is refused."""

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import longnn
from longnn.stores import StoreError, folders
from longnn.training.minibatch.checkpoint import FILE
from tests.longnn.training.minibatch_cases import small

SCRIPT = """
import os, signal, sys
import numpy as np
import longnn
from tests.longnn.training.test_stored_checkpoint import train

folder, epoch, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def kill(progress):
    if (progress.epoch, progress.batch) == (epoch, batch):
        os.kill(os.getpid(), signal.SIGKILL)

part = np.load(folder + "/part.npy")
labels = np.load(folder + "/labels.npy")
terms = longnn.stores.StoredTerms(folder + "/terms")
train(terms, labels, longnn.data.Splits("mine", part), folder + "/kept", kill)
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    case = small(folder)
    np.save(folder / "part.npy", case.splits.part)
    np.save(folder / "labels.npy", case.data.labels)
    return folder, case


def train(terms, labels, splits, kept=None, on_progress=lambda _: None, **change):
    """Dropout, averaged weights, a plateau, and terms that are changed on the way."""
    optim = longnn.Optim(max_epochs=4, ema=0.8, schedule="plateau", clip=1.0)
    options = {
        "classes": 2, "seeds": (1, 2), "batch_nodes": 20, "optim": optim, "dtype": "float32",
        "tolerance": 2e-7, "checkpoint": kept, "checkpoint_seconds": 0.0, "memory_gb": 0.01,
        "settings": {"alpha": 2.0},
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:  # terms of 52 nodes
        patch.setattr("longnn.training.minibatch.work.TERMS_SHARE", 0.00175)
        return longnn.fit_stored(
            "longnn", terms, labels, splits, on_progress=on_progress, **options | change
        )


def equal(found, undisturbed):
    for name, values in undisturbed.curves.items():
        np.testing.assert_array_equal(found.curves[name], values, err_msg=name)
    assert found.runs == undisturbed.runs
    assert found.anchor == undisturbed.anchor
    assert np.array_equal(found.predict().outputs, undisturbed.predict().outputs)


@pytest.fixture(scope="module")
def undisturbed(case):
    _, (data, splits, terms) = case
    found = train(terms, data.labels, splits)
    assert found.anchor is not None
    return found


class StoppedError(Exception):
    """Of the test alone."""


@pytest.mark.parametrize("at", [(0, 1), (1, 2), (3, 0)], ids=["first", "middle", "after an epoch"])
def test_a_training_that_was_stopped_goes_on(tmp_path, case, undisturbed, at):
    _, (data, splits, terms) = case

    def stop(progress):
        if (progress.epoch, progress.batch) == at:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(terms, data.labels, splits, tmp_path, stop)
    seen = []
    found = train(terms, data.labels, splits, tmp_path, seen.append)
    equal(found, undisturbed)
    assert (seen[0].epoch, seen[0].batch) > at
    again = train(terms, data.labels, splits, tmp_path, seen.append)  # it has ended
    assert seen[-1].epoch == 4
    equal(again, undisturbed)


@pytest.mark.slow
def test_a_killed_process_goes_on(case, undisturbed):
    folder, (data, splits, terms) = case
    command = [sys.executable, "-c", SCRIPT, str(folder), "1", "3"]
    # as tests/conftest.py sets jax here
    own = {"JAX_ENABLE_X64": "1", "JAX_DEFAULT_MATMUL_PRECISION": "highest"}
    ended = subprocess.run(
        command, env=os.environ | own, check=False, capture_output=True, text=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    seen = []
    found = train(terms, data.labels, splits, folder / "kept", seen.append)
    assert (seen[0].epoch, seen[0].batch) == (1, 4)
    equal(found, undisturbed)


CHANGES = {
    "optim": ({"optim": longnn.Optim(max_epochs=4, ema=0.7, schedule="plateau", clip=1.0)},
              "other settings, seeds or optim;"),
    "seeds": ({"seeds": (1, 3)}, "other settings, seeds or optim;"),
    "order": ({"order_seed": 5}, r"other order of the nodes \(batch_nodes, memory_gb"),
    "tolerance": ({"tolerance": 1e-5}, "other tolerance;"),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(case, tmp_path_factory):
    """The file of a training that was stopped."""
    folder, (_, (data, splits, terms)) = tmp_path_factory.mktemp("kept"), case

    def stop(progress):
        raise StoppedError

    with pytest.raises(StoppedError):
        train(terms, data.labels, splits, folder, stop)
    return (folder / FILE).read_bytes()


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_another_training_is_refused(tmp_path, case, kept, change, message):
    _, (data, splits, terms) = case
    (tmp_path / FILE).write_bytes(kept)
    with pytest.raises(StoreError, match=message):
        train(terms, data.labels, splits, tmp_path, **change)
    assert (tmp_path / FILE).read_bytes() == kept


def test_other_terms_and_labels_are_refused(tmp_path, case, kept):
    _, (data, splits, _) = case
    (tmp_path / FILE).write_bytes(kept)
    other = small(tmp_path, exponents=(0.5, 0.0))
    with pytest.raises(StoreError, match="a training with other terms;"):
        train(other.terms, data.labels, splits, tmp_path)
    with pytest.raises(StoreError, match="with other labels and terms;"):
        train(other.terms, 1 - data.labels, splits, tmp_path)


@pytest.mark.parametrize("place", [5, 100, -10])
def test_a_damaged_file_is_refused(tmp_path, case, kept, place):
    _, (data, splits, terms) = case
    spoiled = bytearray(kept)
    spoiled[place] ^= 1
    for content in (bytes(spoiled), kept[:place], b""):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(StoreError, match="is damaged: its checksum is another; delete it"):
            train(terms, data.labels, splits, tmp_path)


def test_a_full_disk_leaves_what_was_kept(tmp_path, case, kept, monkeypatch):
    _, (data, splits, terms) = case
    (tmp_path / FILE).write_bytes(kept)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", full)
    with pytest.raises(StoreError, match=r"is full \(the file that was there before stays\)"):
        train(terms, data.labels, splits, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == kept


def test_two_trainings_do_not_share_a_folder(tmp_path, case):
    _, (data, splits, terms) = case

    def second(progress):
        train(terms, data.labels, splits, tmp_path)

    with pytest.raises(StoreError, match="another process trains in"):
        train(terms, data.labels, splits, tmp_path, second)


@pytest.mark.parametrize("ending", ["npy", "parquet"])
def test_predictions_are_written_piece_by_piece(tmp_path, undisturbed, monkeypatch, ending):
    monkeypatch.setattr("longnn.training.minibatch.files.PIECE", 32)
    path = tmp_path / f"all.{ending}"
    undisturbed.save_predictions(path, runs=[0, 3])
    wanted = undisturbed.predict(runs=[0, 3])
    if ending == "npy":
        found = np.load(path)
        assert (found.shape, found.dtype) == ((90, 2), np.float32)
        np.testing.assert_allclose(found, wanted.probabilities, atol=1e-6)
        return
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    assert table["node"].to_pylist() == list(range(90))
    assert table["class"].to_pylist() == wanted.predicted.tolist()
    np.testing.assert_allclose(table["P(1)"], wanted.probabilities[:, 1], atol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_endings_are_refused(tmp_path, undisturbed):
    with pytest.raises(ValueError, match=r"ends in '.txt', expected .npy or .parquet"):
        undisturbed.save_predictions(tmp_path / "all.txt")
