"""All files of a report."""

from collections import Counter
from collections.abc import Mapping, Sequence

from .compare import Pair
from .contents import Section, illustrated
from .csvfile import csv_text
from .markdown import markdown
from .page import page
from .runs import Run, Task

FIGURES = "figures"


def document(
    grouped: Mapping[Task, list[Run]],
    compared: list[tuple[str, str, list[Pair]]],
    *,
    top: int,
    per_run: bool,
) -> dict[str, bytes]:
    """Path inside the report's folder -> content.

    Args:
        grouped: runs by task.
        compared: (first, second, pairs) of each paired test.
        top: rows of one model in a task's table.
        per_run: lines of the CSV file are splits and seeds, not run directories.
    """
    runs = [run for found in grouped.values() for run in found]
    sections = _distinct(illustrated(grouped, compared, top))
    texts = {
        "report.md": markdown(sections, FIGURES),
        "report.csv": csv_text(runs, per_run=per_run),
        "report.html": page(sections, _title(grouped), _summary(runs)),
    }
    pictures = {f"{FIGURES}/{found.name}": found.png for s in sections for found in s.pictures}
    return pictures | {name: text.encode() for name, text in texts.items()}


def _distinct(sections: Sequence[Section]) -> list[Section]:
    """The sections with a name of its own for each picture."""
    seen: Counter[str] = Counter()
    for section in sections:
        for place, found in enumerate(section.pictures):
            seen[found.name] += 1
            if seen[found.name] > 1:
                name = f"{found.name.removesuffix('.png')}.{seen[found.name]}.png"
                section.pictures[place] = found._replace(name=name)
    return list(sections)


def _title(grouped: Mapping[Task, list[Run]]) -> str:
    models = sorted({run.model for runs in grouped.values() for run in runs})
    datasets = sorted({task.dataset for task in grouped})
    return f"{_some(models, 'models')} on {_some(datasets, 'datasets')}"


def _some(names: list[str], what: str) -> str:
    return " and ".join(names) if len(names) < 3 else f"{len(names)} {what}"


def _summary(runs: Sequence[Run]) -> str:
    trainings = sum(len(run.result["per_run"]) for run in runs)
    return (
        f"{len(runs)} runs, {trainings} trainings over splits and seeds. Scores are in percent, "
        "means with 95 % intervals (Student's t). Where one of several runs stands for its "
        "model, it is the best on validation; nothing here is chosen on test."
    )
