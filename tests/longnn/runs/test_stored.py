"""The arrays of a run directory are those of its result, or are refused by name."""

import tracemalloc
import zipfile

import numpy as np
import pytest

import longnn
from longnn.data import archive
from longnn.runs import agreement, npz
from longnn.runs.directory import RunDirectoryError
from longnn.runs.result import read_result
from longnn.runs.stored import read_stored
from tests.longnn.runs.made import EPOCHS, PART, RUNS, change_arrays, change_result, save, written
from tests.toy import C, N

P = np.full((RUNS, N, C), 1 / C)
VAL = np.array([[0.25, 0.5, 0.5]] * RUNS)


def at(values, place, value):
    """The values with another one at a place."""
    changed = values.copy()
    changed[place] = value
    return changed


NAN_W = {"filters.0.coefficients.w": at(np.ones((RUNS, 5, C)), (1, 2, 0), np.nan)}

PARAMETERS = {  # changed arrays -> what is said
    "nan": (NAN_W, r"filters\.0\.coefficients\.w is not finite at \[1, 2, 0\]"),
    "other number of runs": (
        {"filters.0.coefficients.w": np.ones((3, 5, C))}, r"w is of 3 models, per_run.* of 2",
    ),
    "no axis of runs": ({"filters.0.coefficients.w": np.ones(())}, r"w is of 0 models"),
    "whole numbers": (
        {"filters.0.coefficients.w": np.ones((RUNS, 5, C), int)}, r"w holds int64, expected float",
    ),
    "text": ({"filters.0.coefficients.w": np.full((RUNS, 5, C), "x")}, r"w holds <U1, expected"),
    "other byte order": (
        {"filters.0.coefficients.w": np.ones((RUNS, 5, C), ">f4")}, r"w holds >f4, expected float",
    ),
    "another name": ({"w2": np.ones((RUNS, 1))}, r"w2 has shape \(2, 1\) there and None"),
}  # fmt: skip

PREDICTIONS = {
    "other number of runs": ({"probabilities": P[:1]}, "probabilities is of 1 models, per_run"),
    "other number of nodes": ({"probabilities": P[:, 1:]}, rf"part has shape .1, {N}., expected"),
    "no classes": ({"probabilities": P[..., 0]}, r"have shape .*, expected \[B, N, C\]"),
    "negative": (
        {"probabilities": at(P, (1, 3), [-0.5] + [1.5 / (C - 1)] * (C - 1))},
        r"a probability is not in \[0, 1\] at \[1, 3, 0\]",
    ),
    "above one": ({"probabilities": at(P, (0, 2, 1), 7.0)}, r"not in \[0, 1\] at \[0, 2, 1\]"),
    "nan": ({"probabilities": at(P, (0, 2, 1), np.nan)}, r"not in \[0, 1\] at \[0, 2, 1\]"),
    "sum": ({"probabilities": at(P, (1, 4, 0), 0.9)}, r"sum of the probabilities .* at \[1, 4"),
    "values of another task": (
        {"probabilities": None, "values": P[..., 0]},
        "holds part, values; a run that is scored by accuracy has part, probabilities",
    ),
    "one more": ({"extra": P}, "holds extra, part, probabilities"),
    "part of a kind": ({"part": PART.astype("i8")}, "part holds int64, expected int8"),
    "part 3": ({"part": at(PART, (0, 1), 3)}, "split 0 .* has value 3 at node 1"),
    "another split": ({"part": PART[:, ::-1].copy()}, "part has hash .*, split_hash in result"),
    "two splits": ({"part": np.concatenate([PART, PART])}, r"part has shape \(2, "),
}  # fmt: skip

CURVES = {
    "other number of runs": ({"loss": np.ones((1, EPOCHS))}, r"loss has shape \(1, 3\), expected"),
    "other epochs": ({"loss": np.ones((RUNS, 9))}, r"loss has shape \(2, 9\), expected \(2, 3\)"),
    "no score": ({"val": None}, "lacks val, by which epochs were selected"),
    "nan": ({"loss": np.full((RUNS, EPOCHS), np.nan)}, "loss is not finite before the end at .* 3"),
    "another run's selection": (
        {"val": at(VAL, (1, 2), 0.75)}, "model 1 .*val is 0.5 at the selected epoch 2, but 0.75",
    ),
    "another run's score": (
        {"val": VAL / 8}, "model 0 .*its val is 50.0, the curve has 6.25 at the selected epoch",
    ),
    "another run's exponent": (
        {"alpha": np.ones((RUNS, EPOCHS))}, "its alpha is 0.1, the curve has 1.0 at the selected",
    ),
    "no exponent": ({"beta": None}, "its beta is -0.1, the curve has None"),
}  # fmt: skip

CASES = [
    (file, how)
    for file, table in (
        ("parameters", PARAMETERS),
        ("predictions", PREDICTIONS),
        ("curves", CURVES),
    )
    for how in table
]


@pytest.mark.parametrize(("file", "how"), CASES)
def test_arrays_that_are_not_of_the_run(tmp_path, file, how):
    changes, said = {"parameters": PARAMETERS, "predictions": PREDICTIONS, "curves": CURVES}[file][
        how
    ]
    written(tmp_path, "longnn")
    change_arrays(tmp_path / f"{file}.npz", **changes)
    with pytest.raises(RunDirectoryError, match=rf"{file}\.npz.*{said}") as raised:
        longnn.load(tmp_path)
    assert "train that run again" in str(raised.value)


def test_what_fits_is_read_as_it_is(tmp_path):
    written(tmp_path, "longnn")
    parameters, predictions, curves = read_stored(tmp_path, read_result(tmp_path))
    np.testing.assert_array_equal(predictions["probabilities"], P)
    np.testing.assert_array_equal(predictions["part"], PART)
    np.testing.assert_array_equal(curves["val"], VAL)
    assert parameters["filters.0.coefficients.w"].shape == (RUNS, 5, C)


@pytest.mark.parametrize("rounding", [1e-7, 1e-5])
def test_probabilities_may_be_rounded(tmp_path, rounding):
    written(tmp_path, "longnn")
    change_arrays(tmp_path / "predictions.npz", probabilities=P * (1 + rounding))
    assert longnn.load(tmp_path).outputs.shape == (RUNS, N, C)


def test_a_tie_that_was_scored_otherwise_is_no_other_run(tmp_path):
    written(tmp_path, "longnn")
    change_arrays(tmp_path / "curves.npz", val=VAL + 1 / (PART == 1).sum())
    assert longnn.load(tmp_path).score("val").mean == 50.0


def raw(file, name, content):
    """An npz file with one member of any content."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)


def npy(shape, dtype="<f4", version=b"\x01\x00"):
    """The beginning of an npy file whose header says what is asked for."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text.encode()


def flipped(file):
    """A bit of the packed data changed, behind the header of the member."""
    content = bytearray(file.read_bytes())
    for place in range(100, 140):
        content[place] ^= 0x55
    file.write_bytes(content)


class Harmful:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


DAMAGE = {
    "deflate": flipped,
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"PK\x03\x04" * 99),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "an npy": lambda file: file.write_bytes(npy("(1,)") + b"1234"),
    "a member of text": lambda file: raw(file, "a.npy", "no numbers"),
    "pickled": lambda file: np.savez(file, a=np.array([Harmful()], object)),
    "a shape that is a lie": lambda file: raw(file, "a.npy", npy("(1000000,)") + b"1234"),
    "a negative shape": lambda file: raw(file, "a.npy", npy("(-1, -1)") + b"1234"),
    "a shape that overflows": lambda file: raw(file, "a.npy", npy("(4611686018427387904, 4)")),
    "deep brackets": lambda file: raw(file, "a.npy", npy("(" * 60)),
    "a later format": lambda file: raw(file, "a.npy", npy("(1,)", version=b"\x02\x00") + b"1234"),
    "a directory": lambda file: (file.unlink(), file.mkdir()),
    "a link to nothing": lambda file: (file.unlink(), file.symlink_to("nothing")),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("name", ["parameters.npz", "predictions.npz", "curves.npz"])
@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_files_are_named(tmp_path, name, how):
    written(tmp_path, "longnn")
    DAMAGE[how](tmp_path / name)
    with pytest.raises(RunDirectoryError, match=rf"{name}.*force=true|lacks {name}"):
        longnn.load(tmp_path)


def test_what_would_fill_the_memory_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    written(tmp_path, "longnn")
    file = tmp_path / "predictions.npz"
    nodes = 10_000_000
    save(file, {"probabilities": np.zeros((1, nodes, 7), "i1"), "part": np.zeros((1, nodes), "i1")})
    monkeypatch.setattr(npz, "SMALL", 1 << 20)
    with pytest.raises(
        RunDirectoryError, match=r"predictions.npz would take 0.08 GB, more than 100"
    ):
        longnn.load(tmp_path)
    monkeypatch.setattr(archive, "LIMIT", 1 << 10)
    with pytest.raises(
        RunDirectoryError, match=r"more than the .* GB of longnn.data.archive.LIMIT"
    ):
        longnn.load(tmp_path)


def test_a_model_that_its_config_makes_too_large_is_not_built(tmp_path):
    written(tmp_path, "longnn")
    config = read_result(tmp_path).config
    config["model"]["hidden"] = 10**9
    change_result(tmp_path, config=config)
    with pytest.raises(RunDirectoryError, match=r"model.hidden=10{9} in its config, where"):
        longnn.load(tmp_path)


def test_a_bad_entry_is_named_without_memory_for_the_places_of_all(tmp_path):
    values = np.full((*[1] * 31, 1 << 20), np.nan, np.float32)
    tracemalloc.start()
    with pytest.raises(RunDirectoryError, match="w is not finite at"):
        agreement.check_finite(tmp_path, {"w": values})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * values.nbytes
