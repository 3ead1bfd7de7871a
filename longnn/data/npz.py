"""A graph of the user's in one npz file."""

from dataclasses import replace
from pathlib import Path

from longnn.data.archive import read_npz
from longnn.data.dataset import Dataset
from longnn.data.errors import about
from longnn.data.known import check_ignored, check_known, names_of
from longnn.data.limits import named_file
from longnn.data.own import options_of, own_dataset
from longnn.data.registry import sha256

ADVICE = (
    "write it with numpy.savez(path, edges=[E, 2] integers, features=[N, F] numbers, "
    "labels=[N] integers (-1: none), floats for metric r2 (nan: none), or [N, C] of 0 and 1 for "
    "several labels a node) and optionally "
    "weights=[E], part=[S, N], nodes=[N] names, feature_names=[F]"
)

REQUIRED = ("edges", "features")

LABELS = ("labels", "part")
"""What is about labels, which a graph that is only predicted on needs not."""

OPTIONAL = ("weights", *LABELS, "nodes", "feature_names")


def load(
    path: str | Path, name: str | None = None, *, labelled: bool = True, **options: object
) -> Dataset:
    """Loads a dataset from the arrays edges [E, 2], features [N, F] and labels [N] of a file.

    Labels are integers (-1 for no label), texts, floats (NaN for no label) for the metric "r2", or
    [N, C] of 0 and 1 (-1 where it is not known) for a multi-label metric.
    The file may also hold weights [E], nodes [N] (their names, whole numbers or texts),
    feature_names [F], and part [S, N] (0 train, 1 validation, 2 test, -1 in no part), which becomes
    the split protocol "fixed". A file without labels is a graph that is only predicted on.

    Args:
        path: the npz file.
        name: what reports call the dataset; the name of the file by default.
        labelled: whether labels and part are read, if the file has them.
        options: fields of `longnn.data.own.Options`, such as ``normalize="row"``; ``ignore`` are
            names of arrays.

    Raises:
        ValueError: if an array is missing, unknown, of wrong shape or type, or a rule is unknown.
        DataFileError: if the file is missing or damaged.
        TypeError: if an option is unknown.

    Warns:
        RenumberedLabelsWarning: if the labels are numbers, but not 0 to C - 1.
    """
    rules = options_of(options)
    path = named_file(path, ADVICE)
    ignore, arrays = names_of(rules.ignore), read_npz(path)
    missing = [key for key in REQUIRED if key not in arrays]
    if missing:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} has no array {missing[0]}, it holds {found}; {ADVICE}")
    check_ignored(ignore, [key for key in arrays if key not in REQUIRED], str(path))
    check_known(arrays, (*REQUIRED, *OPTIONAL), ignore, str(path))
    left_out = (*ignore, *(() if labelled else LABELS))
    given = {key: arrays[key] for key in OPTIONAL if key in arrays and key not in left_out}
    part = given.get("part")
    with about(path):
        return own_dataset(
            name or path.stem,
            arrays["edges"],
            arrays["features"],
            given.get("labels"),
            weights=given.get("weights"),
            shipped={} if part is None else {"fixed": part},
            checksum=sha256(path).removeprefix("sha256:"),
            node_names=given.get("nodes"),
            feature_names=given["feature_names"].tolist() if "feature_names" in given else (),
            options=replace(rules, ignore=()),
        )
