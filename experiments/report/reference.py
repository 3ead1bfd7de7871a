"""Reference scores from a file of one of three kinds.

- `{"scores": {MODEL: {DATASET: {SPLIT: percent}}}}`, as in docs/results/measured.json;
- records of runs, one JSON object a line, as in docs/results/records (`.jsonl`);
- `{"node_classification": {DATASET: {MODEL: {"per_seed": [{"seed": SPLIT, "test": percent}]}}}}`.

A JSON file says with `"split_hashes": {DATASET: sha256}` which splits its scores were measured on;
a record carries the hash itself.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from longnn.runs.directory import from_text, read_json
from longnn.runs.kinds import is_number
from longnn.runs.result import from_json

from .differences import by_split


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
        FileNotFoundError: if there is no such file; the message says what is expected.
        ValueError: if it is of no such kind.
    """
    if not file.is_file():
        raise FileNotFoundError(
            f"there are no reference scores in {file}: it is not a file; give one like "
            "docs/results/measured.json, or records of runs (.jsonl)"
        )
    try:
        if file.suffix == ".jsonl":
            return [_of_record(from_text(line)) for line in file.read_bytes().splitlines()]
        content: Any = read_json(file)
        if "scores" in content:
            found = _of_scores(content["scores"])
        else:
            found = _of_seeds(content["node_classification"])
        hashes = dict(content.get("split_hashes", {}))
        return [known._replace(split_hash=hashes.get(known.dataset)) for known in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{file} holds no reference scores ({type(error).__name__}: {error}); give a file like "
            "docs/results/measured.json, or records of runs (.jsonl)"
        ) from error


def _of_record(line: object) -> Reference:
    run = from_json(line)
    return Reference(run.model, run.dataset, by_split(run.per_run), run.split_hash, run.validation)


def _of_scores(content: Mapping[str, Any]) -> Iterable[Reference]:
    for model, datasets in content.items():
        for dataset, scores in datasets.items():
            yield Reference(model, dataset, {int(split): _score(s) for split, s in scores.items()})


def _of_seeds(content: Mapping[str, Any]) -> Iterable[Reference]:
    for dataset, models in content.items():
        for model, found in models.items():
            if "per_seed" in found:
                scores = {int(row["seed"]): _score(row["test"]) for row in found["per_seed"]}
                yield Reference(model, dataset, scores)


def _score(value: Any) -> float:
    if not is_number(value):
        raise ValueError(f"a score should be a finite number in percent, it is {value!r}")
    return float(value)
