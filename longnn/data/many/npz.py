"""Many graphs of the user's in one npz file."""

from dataclasses import replace
from pathlib import Path

from longnn.data.archive import read_npz
from longnn.data.errors import about
from longnn.data.known import check_ignored, check_known, names_of
from longnn.data.limits import named_file
from longnn.data.many.collection import GraphDataset
from longnn.data.many.union import Given, of_union
from longnn.data.own import options_of
from longnn.data.registry import sha256

ADVICE = (
    "write it with numpy.savez(path, edges=[E, 2] integers, graph=[N] the number of the graph of "
    "each node, features=[N, F] numbers, and labels=[N] of the nodes or graph_labels=[G]) and "
    "optionally weights=[E], part=[S, G], feature_names=[F]"
)

REQUIRED = ("edges", "graph", "features")

OPTIONAL = ("labels", "graph_labels", "weights", "part", "feature_names")


def load(path: str | Path, name: str | None = None, **options: object) -> GraphDataset:
    """Loads graphs from the arrays edges [E, 2], graph [N], features [N, F] and labels of a file.

    The nodes of all graphs are numbered together, graph by graph, and graph holds the number of the
    graph of each. Labels are labels [N] of the nodes or graph_labels [G] of the graphs; a file
    without either holds graphs that are only predicted on. The file may also hold weights [E],
    feature_names [F], and part [S, G] (0 train, 1 validation, 2 test, -1 in no part), which becomes
    the split protocol "fixed".

    Args:
        path: the npz file.
        name: what reports call the dataset; the name of the file by default.
        options: fields of `longnn.data.own.Options`, such as ``normalize="standard"``; ``ignore``
            are names of arrays.

    Raises:
        ValueError: if an array is missing, unknown, of wrong shape or type, or a rule is unknown.
        DataFileError: if the file is missing or damaged.
        TypeError: if an option is unknown.

    Warns:
        RenumberedLabelsWarning: if the labels are numbers, but not 0 to C - 1.
    """
    rules = options_of(options)
    path = named_file(path, ADVICE)
    ignore, arrays = names_of(rules.ignore), read_npz(path, ADVICE)
    missing = [key for key in REQUIRED if key not in arrays]
    if missing:
        found = ", ".join(arrays) or "nothing"
        raise ValueError(f"{path} has no array {missing[0]}, it holds {found}; {ADVICE}")
    check_ignored(ignore, [key for key in arrays if key not in REQUIRED], str(path))
    check_known(arrays, (*REQUIRED, *OPTIONAL), ignore, str(path))
    given = {key: arrays[key] for key in OPTIONAL if key in arrays and key not in ignore}
    part, names = given.get("part"), given.get("feature_names")
    also = Given(
        given.get("labels"),
        given.get("graph_labels"),
        {} if part is None else {"fixed": part},
        sha256(path).removeprefix("sha256:"),
        () if names is None else tuple(map(str, names.tolist())),
    )
    with about(path):
        return of_union(
            name or path.stem,
            arrays["edges"],
            arrays["graph"],
            arrays["features"],
            also,
            replace(rules, ignore=()),
            given.get("weights"),
        )
