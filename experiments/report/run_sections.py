"""The sections of the page of one run."""

from pathlib import Path

from longnn.runs.directory import CONFIG, CURVES, PAGE, PARAMETERS, PREDICTIONS, RESULT, TRAIN_LOG
from longnn.runs.endings import limit_note, untested_note
from longnn.runs.result import Result

from .blocks import units
from .contents import Section
from .opened import Opened, reason
from .repeat import NotRepeatableError, repeating_command
from .run_pictures import WANTED, Missing, Wanted, stored
from .settings import flat
from .tables import Table

ROWS = 50
"""How many models have a row of their own."""

ABOUT = {
    RESULT: "scores of every split and seed, settings, versions",
    CONFIG: "every setting",
    PARAMETERS: "the parameters at the selected epochs",
    PREDICTIONS: "class probabilities (or values) at the selected epochs, and the splits",
    CURVES: "losses, validation score and exponents by epoch",
    TRAIN_LOG: "what was logged",
}
"""What the files of a run directory hold."""

HIDDEN = (
    "This run belongs to a search (show_test=false), which looks at validation scores alone: what "
    "is said of test nodes is left out."
)


def chooses(run: Result) -> bool:
    """Whether a run belongs to a search, which looks at validation scores alone."""
    return not run.config.get("show_test", True)


def scores(run: Result) -> Section:
    """The scores with their intervals, and those of each split and seed."""
    parts = {"validation": run.val} if chooses(run) else {"test": run.test, "validation": run.val}
    beside = {
        f"{'validation' if part == 'val' else part} {name}": found
        for name, summaries in run.metrics.items()
        for part, found in summaries.items()
        if part != "test" or not chooses(run)
    }
    rows: list[tuple[str, ...]] = [
        (name, str(s), "-" if s.std is None else f"{s.std:.2f}", str(s.n))
        for name, s in (parts | beside).items()
    ]
    about = f"{run.metric} in percent, mean +- 95 % interval (Student's t)"
    summary = Table("Summary", about, ("part", "score", "std", "n"), rows, _notes(run))
    return Section("Scores", tables=[summary, _models(run)])


def _notes(run: Result) -> list[str]:
    notes = [HIDDEN] if chooses(run) else []
    notes += units(list(run.metrics))
    said = [limit_note(run), "" if chooses(run) else untested_note(run)]
    notes += [f"{note[0].upper()}{note[1:]}." for note in said if note]
    if run.diverged:
        notes.append(
            f"{run.diverged} of {len(run.per_run)} runs diverged; their scores are of the epochs "
            "before."
        )
    return notes


def _models(run: Result) -> Table:
    learned = any(row.alpha is not None for row in run.per_run)
    test = () if chooses(run) else ("test",)
    names = ("seed", "split", "validation", *test, "best epoch", "epochs")
    rows: list[tuple[str, ...]] = [
        (
            str(row.seed),
            str(row.split),
            f"{row.val:.2f}",
            *(f"{row.test:.2f}" for _ in test),
            str(row.best_epoch),
            str(row.epochs) + " (diverged)" * row.diverged,
            *([_number(row.alpha), _number(row.beta)] if learned else []),
        )
        for row in run.per_run[:ROWS]
    ]
    hidden = len(run.per_run) - ROWS
    notes = [f"{hidden} more are in {RESULT}."] if hidden > 0 else []
    header = (*names, *(("alpha", "beta") if learned else ()))
    return Table("Each split and seed", f"{run.metric} in percent", header, rows, notes)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def figures(run: Opened) -> list[Section]:
    """A section for each figure; one that cannot be drawn says why."""
    return [_figure(run, wanted) for wanted in WANTED]


def _figure(run: Opened, wanted: Wanted) -> Section:
    if wanted.of_test and chooses(run.result):
        return Section(wanted.title, [HIDDEN])
    try:
        return Section(wanted.title, pictures=[wanted.draw(run)])
    except Missing as missing:
        why = str(missing)
    except Exception as error:  # of a model of the user's own, which may raise anything
        why = reason(error)
    kept = stored(run, wanted)
    if kept is not None:
        return Section(wanted.title, [f"Not drawn again: {why}."], pictures=[kept])
    return Section(wanted.title, [f"Left out: {why}."])


def settings(run: Result) -> Section:
    """Every setting that decides the result."""
    rows: list[tuple[str, ...]] = [(name, str(value)) for name, value in flat(run).items()]
    about = f"what decides the result; {CONFIG} has all"
    return Section("Settings", tables=[Table("Settings", about, ("setting", "value"), rows)])


def command(run: Result) -> Section:
    """The command that trains the run again."""
    title = "The command that repeats this run"
    try:
        words = repeating_command(run)
    except NotRepeatableError as error:
        return Section(title, [f"There is none: {error}."])
    text = (
        "It gives the same settings, which were compared when this page was made, and so the same "
        "name of the run directory. A finished run is not repeated where its directory is there; "
        "add force=true, or run the command in another folder. Paths in it are as they were given."
    )
    return Section(title, [text], command=words)


def origin(run: Result) -> Section:
    """On which machine, with which versions, data and splits."""
    seconds = ", ".join(f"{name} {spent:.1f}" for name, spent in run.seconds.items())
    memory = ", ".join(f"{name} {held}" for name, held in run.memory.items() if held is not None)
    rows: list[tuple[str, ...]] = [
        ("device", run.device),
        ("backend", run.backend),
        ("seconds", seconds or "-"),
        ("memory", memory or "-"),
        *((f"version of {name}", version) for name, version in run.versions.items()),
        ("sha256 of the data", run.dataset_checksum),
        ("sha256 of the splits", run.split_hash),
        ("identity of the run", run.identity),
    ]
    about = "where and with what the run was trained"
    return Section("Versions and device", tables=[Table("Origin", about, ("what", "value"), rows)])


def files(folder: Path) -> Section:
    """Links to the files of the run directory."""
    there = sorted(f for f in folder.iterdir() if f.is_file() and f.name[0] != ".")
    links = {f.name: _about(f) for f in there if f.name != PAGE}
    return Section("Files", ["The files of the run directory, beside this page."], links=links)


def _about(file: Path) -> str:
    size = file.stat().st_size
    kilo = f"{size / 1000:,.0f} kB" if size >= 1000 else f"{size} bytes"
    return f"{ABOUT[file.name]} ({kilo})" if file.name in ABOUT else kilo
