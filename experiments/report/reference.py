"""Runs beside reference scores that were measured on the same splits.

The scores are read from a file of one of three kinds:

- `{"scores": {MODEL: {DATASET: {SPLIT: percent}}}}`, as in docs/results/measured.json;
- records of runs, one JSON object a line, as in docs/results/records (`.jsonl`);
- `{"node_classification": {DATASET: {MODEL: {"per_seed": [{"seed": SPLIT, "test": percent}]}}}}`.

Only test scores are compared, and nothing is selected by them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from longnn.models.names import NAMES
from longnn.runs.result import Result, from_json

from .compare import ComparisonError
from .differences import by_split, on_shared_splits
from .tables import Table


class Reference(NamedTuple):
    """The scores of one model on one dataset.

    Attributes:
        model: what the file calls the model.
        dataset: name of the dataset.
        scores: split -> test score in percent.
        split_hash: sha256 of the splits; None where the file does not say.
        validation: the mean validation score; of several records the best on it counts.
    """

    model: str
    dataset: str
    scores: Mapping[int, float]
    split_hash: str | None = None
    validation: float = 0.0


def read_references(file: Path) -> list[Reference]:
    """Reads all reference scores of a file.

    Args:
        file: of a kind that the module lists.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of no such kind.
    """
    try:
        if file.suffix == ".jsonl":
            return [_of_record(json.loads(line)) for line in file.read_text().splitlines()]
        content = json.loads(file.read_text())
        if "scores" in content:
            return list(_of_scores(content["scores"]))
        return list(_of_seeds(content["node_classification"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} holds no reference scores ({type(error).__name__}: {error}); give a file like "
            "docs/results/measured.json, or records of runs (.jsonl)"
        ) from error


def _of_record(line: Mapping[str, Any]) -> Reference:
    run = from_json(line)
    return Reference(run.model, run.dataset, by_split(run.per_run), run.split_hash, run.validation)


def _of_scores(content: Mapping[str, Any]) -> Iterable[Reference]:
    for model, datasets in content.items():
        for dataset, scores in datasets.items():
            yield Reference(model, dataset, {int(split): s for split, s in scores.items()})


def _of_seeds(content: Mapping[str, Any]) -> Iterable[Reference]:
    for dataset, models in content.items():
        for model, found in models.items():
            if "per_seed" in found:
                scores = {int(row["seed"]): float(row["test"]) for row in found["per_seed"]}
                yield Reference(model, dataset, scores)


def reference_of(
    run: Result, references: Sequence[Reference], key: str | None = None
) -> Reference | None:
    """The reference that a run is compared with; None where there is none on its splits.

    Args:
        run: the run.
        references: from :func:`read_references`.
        key: what the file calls the model; None: its name in a config or in the literature.
    """
    names = (run.model, NAMES.get(run.model, run.model)) if key is None else (key,)
    found = [
        known
        for known in references
        if known.model in names
        and known.dataset == run.dataset
        and known.split_hash in (None, run.split_hash)
    ]
    return max(found, key=lambda known: known.validation, default=None)


def against(
    runs: Sequence[Result], references: Sequence[Reference], key: str | None = None
) -> list[Table]:
    """Runs minus their references, in a table for each model and a row for each run.

    Args:
        runs: the runs; those without a reference have a row without a difference.
        references: from :func:`read_references`.
        key: see :func:`reference_of`.

    Raises:
        ComparisonError: if no run has a reference, or one was run on other splits than it.
    """
    found = [reference_of(run, references, key) for run in runs]
    if not any(found):
        wanted = key or " or ".join(sorted({run.model for run in runs}))
        known = ", ".join(sorted({reference.model for reference in references})) or "nothing"
        raise ComparisonError(
            f"no reference for {wanted} on the datasets and splits of these runs; the file knows "
            f"{known}; name one of them with --key"
        )
    for run, reference in zip(runs, found, strict=True):
        if reference is not None:
            _check_splits(run, reference)
    tables = []
    for model in sorted({run.model for run in runs}):
        pairs = [pair for pair in zip(runs, found, strict=True) if pair[0].model == model]
        scores = [None if reference is None else reference.scores for _, reference in pairs]
        tables.append(
            reference_table(f"{model} beside its reference", [run for run, _ in pairs], scores)
        )
    return tables


def _check_splits(run: Result, reference: Reference) -> None:
    ours = sorted(by_split(run.per_run))
    if ours != sorted(reference.scores):
        raise ComparisonError(
            f"{run.directory} has splits {ours}, the reference {sorted(reference.scores)}; "
            "train with split=file and the reference's index sets"
        )


def reference_table(
    title: str, runs: Sequence[Result], scores: Sequence[Mapping[int, float] | None]
) -> Table:
    """A row for each run: its score, the reference, and the difference paired by split.

    Args:
        title: of the table.
        runs: the runs.
        scores: split -> reference score in percent of each run; None where there is none.
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
