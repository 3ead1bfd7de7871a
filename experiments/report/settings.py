"""Which settings tell runs apart."""

from collections.abc import Sequence
from typing import Any

from ..identity import PARTS
from .runs import Run


def flat(run: Run) -> dict[str, Any]:
    """The settings that decide a run's result, by dotted path (``optim.groups.mlp.lr``)."""
    config = run.result.get("config")
    parts = {name: config[name] for name in PARTS if name in config} if config else {}
    if isinstance(parts.get("dataset"), dict):
        parts["dataset"] = {k: v for k, v in parts["dataset"].items() if k != "about"}
    return dict(_leaves("", parts))


def _leaves(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [
        leaf
        for name, inner in value.items()
        for leaf in _leaves(f"{prefix}.{name}" if prefix else str(name), inner)
    ]


def varied(runs: Sequence[Run]) -> dict[str, list[Any]]:
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


def numeric(values: dict[str, list[Any]]) -> dict[str, list[float]]:
    """The settings that are numbers, NaN where a run has none; without seeds, which nobody tunes.

    Args:
        values: setting -> its value in each run, None where it has none.
    """
    return {
        name: [float("nan") if v is None else float(v) for v in column]
        for name, column in values.items()
        if name not in ("seed", "repeats")
        and all(v is None or _is_number(v) for v in column)
        and len({v for v in column if v is not None}) > 1
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def words(values: dict[str, list[Any]], index: int) -> str:
    """The settings of one run in words: ``dropout 0.3, mlp.lr 0.05``."""
    return ", ".join(f"{name} {_value(column[index])}" for name, column in values.items())


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def protocol(run: Run) -> str:
    """Split protocol with its settings: ``per_class (train 0.6, val 0.2, count 10)``."""
    config = run.result.get("config") or {}
    node = config.get("split")
    told = node.items() if isinstance(node, dict) else ()
    shown = [(name, value) for name, value in told if name not in ("_target_", "path")]
    inside = ", ".join(f"{name} {_value(value)}" for name, value in shown)
    return run.task.protocol + (f" ({inside})" if inside else "")
