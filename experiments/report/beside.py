"""Runs beside reference scores that were measured on the same splits.

Only test scores are compared, and nothing is selected by them.
"""

from collections.abc import Iterable, Mapping, Sequence

from longnn.models.names import NAMES
from longnn.runs.result import Result

from .compare import ComparisonError
from .differences import by_split, on_shared_splits
from .reference import Reference
from .tables import Table


class NoReferenceError(ComparisonError):
    """There is no reference for any of the runs."""


def reference_of(
    run: Result, references: Sequence[Reference], key: str | None = None
) -> Reference | None:
    """The reference that a run is compared with; None where there is none for its dataset.

    Args:
        run: the run.
        references: from :func:`~longnn.experiments.report.reference.read_references`.
        key: what the file calls the model; None: its name in a config or in the literature.

    Raises:
        ComparisonError: if every reference for the run was measured on other splits than its own.
    """
    names = (run.model, NAMES.get(run.model, run.model)) if key is None else (key,)
    known = [one for one in references if one.model in names and one.dataset == run.dataset]
    # a hash that is equal is worth more than one that is not known
    same = [one for one in known if one.split_hash == run.split_hash]
    found = same or [one for one in known if one.split_hash is None]
    if known and not found:
        hashes = ", ".join(sorted({str(one.split_hash)[:8] for one in known}))
        raise ComparisonError(
            f"{run.directory} was run on the splits {run.split_hash[:8]} ({run.split}), the "
            f"reference for {known[0].model} on {run.dataset} on {hashes}; {_REMEDY}, or leave "
            "this run out"
        )
    return max(found, key=lambda one: one.validation, default=None)


_REMEDY = "train with split=file split.path=FILE on the reference's index sets"


def against(
    runs: Sequence[Result], references: Sequence[Reference], key: str | None = None
) -> list[Table]:
    """Runs minus their references, in a table for each model and a row for each run.

    The notes of a table name the datasets without a reference, and those whose reference does not
    say on which splits it was measured.

    Args:
        runs: the runs; those without a reference have a row without a difference.
        references: from :func:`~longnn.experiments.report.reference.read_references`.
        key: see :func:`reference_of`.

    Raises:
        NoReferenceError: if no run has a reference.
        ComparisonError: if a reference was measured on other splits than its run.
    """
    found = [reference_of(run, references, key) for run in runs]
    if not any(found):
        raise NoReferenceError(_nothing(runs, references, key))
    for run, reference in zip(runs, found, strict=True):
        if reference is not None:
            _check_splits(run, reference)
    tables = []
    for model in sorted({run.model for run in runs}):
        pairs = [pair for pair in zip(runs, found, strict=True) if pair[0].model == model]
        scores = [None if reference is None else reference.scores for _, reference in pairs]
        title = f"{model} beside its reference"
        table = reference_table(title, [run for run, _ in pairs], scores)
        table.notes.extend(_notes(model, pairs))
        tables.append(table)
    return tables


def _nothing(runs: Sequence[Result], references: Sequence[Reference], key: str | None) -> str:
    wanted = key or " or ".join(sorted({run.model for run in runs}))
    datasets = ", ".join(sorted({run.dataset for run in runs}))
    known = [sorted({getattr(one, name) for one in references}) for name in ("model", "dataset")]
    models, measured = (", ".join(names) or "nothing" for names in known)
    return (
        f"no reference for {wanted} on {datasets}, so nothing was compared; the file knows "
        f"{models} on {measured}; name one of these models with --key"
    )


def _notes(model: str, pairs: Sequence[tuple[Result, Reference | None]]) -> list[str]:
    missing = ", ".join(sorted({run.dataset for run, one in pairs if one is None}))
    unknown = sorted({run.dataset for run, one in pairs if one and one.split_hash is None})
    notes = []
    if missing:
        notes.append(f"There is no reference for {model} on {missing}; these rows compare nothing.")
    if unknown:
        notes.append(
            f"Whether {model} and its reference were run on the same splits of "
            f"{', '.join(unknown)} could not be checked: the file of the reference scores names no "
            "hash of the splits. The difference means nothing if they were not."
        )
    return notes


def _check_splits(run: Result, reference: Reference) -> None:
    ours, theirs = sorted(by_split(run.per_run)), sorted(reference.scores)
    if ours != theirs:
        raise ComparisonError(
            f"{run.directory} has splits {ours}, the reference {theirs}; {_REMEDY}"
        )


def reference_table(
    title: str, runs: Sequence[Result], scores: Sequence[Mapping[int, float] | None]
) -> Table:
    """A row for each run: its score, the reference, and the difference paired by split.

    Args:
        title: title of the table.
        runs: the runs.
        scores: for each run split -> reference score in percent; None where there is none.
    """
    header = ("dataset", "n", "ours", "reference", "difference (s.e.)", "splits", "within two")
    about = "test accuracy in percent; +- is half the 95 % interval over all runs (Student's t)"
    return Table(title, about, header, list(map(_row, runs, scores)))


def _row(run: Result, reference: Mapping[int, float] | None) -> tuple[str, ...]:
    row = (run.dataset, str(run.test.n), str(run.test))
    if reference is None:
        return (*row, "-", "-", "-", "-")
    found = on_shared_splits(reference, by_split(run.per_run))
    difference = f"{found.mean:+.2f} ({found.standard_error or 0.0:.2f})"
    within = "NO" if found.below else "yes"
    return (*row, f"{found.first:.2f}", difference, str(found.splits), within)


def any_below(tables: Iterable[Table]) -> bool:
    """Whether a run is below its reference by more than two standard errors."""
    return any(row[-1] == "NO" for table in tables for row in table.rows)
