"""Which settings tell runs apart."""

from collections.abc import Sequence
from typing import Any

from longnn.runs.result import Result

from ..config.identity import PARTS


def flat(run: Result) -> dict[str, Any]:
    """The settings that decide a run's result, by dotted path (`optim.groups.mlp.lr`)."""
    return dict(_leaves("", {name: run.config[name] for name in PARTS if name in run.config}))


def _leaves(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [
        leaf
        for name, inner in value.items()
        for leaf in _leaves(f"{prefix}.{name}" if prefix else str(name), inner)
    ]


def varied(runs: Sequence[Result]) -> dict[str, list[Any]]:
    """Short name of each setting that differs between the runs -> its value in each run."""
    settings = [flat(run) for run in runs]
    paths = list(dict.fromkeys(path for one in settings for path in one))
    columns = {path: [one.get(path) for one in settings] for path in paths}
    differing = [path for path in paths if any(v != columns[path][0] for v in columns[path])]
    return {_short(path, paths): columns[path] for path in differing}


def _short(path: str, paths: list[str]) -> str:
    """The shortest tail of a path that no other path has: ``mlp.lr``, ``dropout``."""
    names = path.split(".")
    for start in reversed(range(len(names))):
        tail = ".".join(names[start:])
        if sum(other == tail or other.endswith(f".{tail}") for other in paths) == 1:
            return tail
    return path


def searched(values: dict[str, list[Any]]) -> dict[str, list[float] | list[str]]:
    """The settings that somebody has searched: all but seeds, which nobody tunes.

    Args:
        values: setting -> its value in each run, None where it has none.

    Returns:
        setting -> numbers or words, as :func:`drawable` gives them.
    """
    return {
        name: drawable(column)
        for name, column in values.items()
        if name not in ("seed", "repeats") and len({_value(v) for v in column if v is not None}) > 1
    }


def drawable(column: list[Any]) -> list[float] | list[str]:
    """The values of a setting as numbers, NaN for None; or as words, "-" for None.

    Args:
        column: its value in each run.
    """
    if all(v is None or _is_number(v) for v in column):
        return [float("nan") if v is None else float(v) for v in column]
    return [_value(value) for value in column]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def words(values: dict[str, list[Any]], index: int) -> str:
    """The settings of one run in words: ``dropout 0.3, mlp.lr 0.05``."""
    return ", ".join(f"{name} {_value(column[index])}" for name, column in values.items())


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def protocol(run: Result) -> str:
    """The split protocol with its settings: `per_class (train 0.6, val 0.2, count 10)`."""
    settings: dict[str, Any] = run.config.get("split", {})
    shown = [(name, value) for name, value in settings.items() if name not in ("_target_", "path")]
    inside = ", ".join(f"{name} {_value(value)}" for name, value in shown)
    return run.split + (f" ({inside})" if inside else "")
