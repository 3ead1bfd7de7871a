"""All files of a report, illustrated."""

from collections import Counter
from collections.abc import Mapping, Sequence

from longnn.runs.result import Result

from .compared import Compared
from .contents import Section, illustrated, left_out_section
from .csvfile import csv_text, lines_text
from .markdown import as_markdown
from .page import html_page
from .runs import Benchmark, LeftOut

FIGURES = "figures"
COMPARISONS = "comparisons.csv"


def report_files(
    grouped: Mapping[Benchmark, list[Result]],
    compared: Compared | None,
    left_out: Sequence[LeftOut] = (),
    *,
    top: int,
    per_run: bool,
) -> dict[str, bytes]:
    """The content of each file by its path inside the report's folder.

    Args:
        grouped: runs by benchmark.
        compared: the paired tests; None leaves them out.
        left_out: results that are not shown.
        top: how many rows of one model a benchmark's table shows.
        per_run: whether each split and seed has a line in the CSV file.
    """
    runs = [run for found in grouped.values() for run in found]
    sections = _distinct(illustrated(grouped, compared, top))
    sections += [left_out_section(left_out)] if left_out else []
    texts = {
        "report.md": as_markdown(sections, FIGURES),
        "report.csv": csv_text(runs, per_run=per_run),
        "report.html": html_page(sections, _title(grouped), _summary(runs)),
    }
    if compared is not None and compared.records:
        texts[COMPARISONS] = lines_text(compared.records)
    pictures = {f"{FIGURES}/{found.name}": found.png for s in sections for found in s.pictures}
    return pictures | {name: text.encode() for name, text in texts.items()}


def _distinct(sections: Sequence[Section]) -> list[Section]:
    """The sections, in which each picture has got a name of its own."""
    seen: Counter[str] = Counter()
    for section in sections:
        for place, found in enumerate(section.pictures):
            seen[found.name] += 1
            if seen[found.name] > 1:
                name = f"{found.name.removesuffix('.png')}.{seen[found.name]}.png"
                section.pictures[place] = found._replace(name=name)
    return list(sections)


def _title(grouped: Mapping[Benchmark, list[Result]]) -> str:
    models = sorted({run.model for runs in grouped.values() for run in runs})
    datasets = sorted({benchmark.dataset for benchmark in grouped})
    return f"{_some(models, 'models')} on {_some(datasets, 'datasets')}"


def _some(names: list[str], what: str) -> str:
    return " and ".join(names) if len(names) < 3 else f"{len(names)} {what}"


def _summary(runs: Sequence[Result]) -> str:
    trainings = sum(len(run.per_run) for run in runs)
    return (
        f"{len(runs)} runs, {trainings} trainings over splits and seeds. Scores are in percent, "
        "means with 95 % intervals (Student's t). Where one of several runs stands for its "
        "model, it is the best on validation; nothing here is chosen on test."
    )
