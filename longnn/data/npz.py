"""A graph of the user's in one npz file."""

from pathlib import Path

from longnn.data.archive import read_npz
from longnn.data.dataset import Dataset
from longnn.data.own import options_of, own_dataset
from longnn.data.registry import sha256

ADVICE = (
    "write it with numpy.savez(path, edges=[E, 2] integers, features=[N, F] numbers, "
    "labels=[N] integers (-1: none), or floats for metric r2 (nan: none)) and optionally "
    "weights=[E], part=[S, N]"
)


def load(path: str | Path, name: str | None = None, **options: str) -> Dataset:
    """Loads a dataset from the arrays edges [E, 2], features [N, F] and labels [N] of a file.

    Labels are integers (-1 for no label), or floats (NaN for no label) for the metric "r2". The
    file may also hold weights [E], and part [S, N] (0 train, 1 validation, 2 test, -1 in no part),
    which becomes the split protocol "fixed".

    Args:
        path: the npz file.
        name: what reports call the dataset; the name of the file by default.
        options: fields of `longnn.data.own.Options`, such as ``normalize="row"``.

    Raises:
        ValueError: if an array is missing, of wrong shape or type, or a rule is unknown.
        DataFileError: if the file is missing or damaged.
        TypeError: if an option is unknown.
    """
    path = Path(path).expanduser()
    arrays = read_npz(path)
    missing = [key for key in ("edges", "features", "labels") if key not in arrays]
    if missing:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} has no array {missing[0]}, it holds {found}; {ADVICE}")
    return own_dataset(
        name or path.stem,
        arrays["edges"],
        arrays["features"],
        arrays["labels"],
        weights=arrays.get("weights"),
        shipped={"fixed": arrays["part"]} if "part" in arrays else {},
        checksum=sha256(path).removeprefix("sha256:"),
        options=options_of(options),
    )
