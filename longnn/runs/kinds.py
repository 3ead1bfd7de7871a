"""Which values the content of `result.json` may have. Imports no jax."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[object], bool]

DEPTH = 32
"""How deeply the values of a config may be nested."""

HIGHEST = 100.01
"""The highest score in percent, with the rounding of float32."""


def problem_of(content: object) -> str | None:
    """What is wrong with the content of a result, or with a record of one; None if nothing is.

    Args:
        content: a parsed JSON value.
    """
    if not isinstance(content, Mapping):
        return f"it should be an object, it is {_shown(content)}"
    for name, (check, wanted) in _KINDS.items():
        if name not in content and name in _REQUIRED:
            return f"{name!r} is missing"
        if name in content and not check(content[name]):
            return f"{name!r} should {wanted}, it is {_shown(content[name])}"
    return _disagreement(content)


def is_number(value: object) -> bool:
    """Whether a JSON value is a finite number that a float can hold; true and false are none."""
    largest = sys.float_info.max
    return type(value) in (int, float) and -largest <= value <= largest  # type: ignore[operator]


def is_count(value: object) -> bool:
    """Whether a JSON value is a whole number from 0 on, of at most 63 bits."""
    return type(value) is int and 0 <= value < 1 << 63


def is_text(value: object) -> bool:
    """Whether a JSON value is text."""
    return isinstance(value, str)


def is_plain(value: object, depth: int = DEPTH) -> bool:
    """Whether a JSON value holds finite numbers alone, and is not nested too deeply.

    Args:
        value: a parsed JSON value.
        depth: how many levels are left.
    """
    if isinstance(value, Mapping | list):
        inner = value.values() if isinstance(value, Mapping) else value
        return depth > 0 and all(is_plain(one, depth - 1) for one in inner)
    return value is None or type(value) in (bool, str) or is_number(value)


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _each(check: Check) -> Check:
    return lambda value: isinstance(value, Mapping) and all(map(check, value.values()))


def _has_fields(value: object, known: Mapping[str, Check], required: set[str]) -> bool:
    """Whether a value is an object with some fields; others may be there, too."""
    return (
        isinstance(value, Mapping)
        and required <= value.keys()
        and all(check(value[name]) for name, check in known.items() if name in value)
    )


def _is_summary(value: object) -> bool:
    known = _has_fields(value, _SUMMARY, {"mean", "n"})
    return known and isinstance(value, Mapping) and value.keys() <= _SUMMARY.keys()


def _are_rows(value: object) -> bool:
    required = {"split", "seed", "val", "test"}
    rows = value if isinstance(value, list) else []
    return bool(rows) and all(_has_fields(row, _ROW, required) for row in rows)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _is_config(value: object) -> bool:
    return isinstance(value, Mapping) and is_plain(value)


def _positive(value: object) -> bool:
    return is_number(value) and value >= 0  # type: ignore[operator]


def _score(value: object) -> bool:
    return is_number(value) and value <= HIGHEST  # type: ignore[operator]


_SUMMARY: dict[str, Check] = {
    "mean": _score,
    "n": lambda value: is_count(value) and value != 0,
    "std": _optional(_positive),
    "ci95": _optional(_positive),
}

_ROW: dict[str, Check] = {
    "split": is_count,
    "seed": is_count,
    "val": _score,
    "test": _score,
    "best_epoch": is_count,
    "epochs": is_count,
    "diverged": lambda value: type(value) is bool,
    "alpha": _optional(is_number),
    "beta": _optional(is_number),
    "metrics": _optional(_each(_each(is_number))),
}

_TEXT = (is_text, "be text")

_SCORES = (_is_summary, "hold a finite mean and n, and at most std and ci95 beside")

_NAMES = ("identity", "dataset", "dataset_checksum", "model", "split", "split_hash", "metric")

_GROUPS = ("dataset", "split", "graph", "model", "optim")

_REQUIRED = (*_NAMES, "test", "val", "per_run")

_KINDS: dict[str, tuple[Check, str]] = {
    **dict.fromkeys(_NAMES, _TEXT),
    **dict.fromkeys(("test", "val"), _SCORES),
    "per_run": (
        _are_rows,
        "hold the split, seed, val and test of each run, numbers in their ranges",
    ),
    "config": (_is_config, f"be an object of finite numbers and text, of at most {DEPTH} levels"),
    "seconds": (_each(_positive), "be an object of numbers from 0 on"),
    "diverged": (is_count, "be a whole number from 0 on"),
    "memory": (_each(_optional(_positive)), "be an object of numbers from 0 on or null"),
    "device": _TEXT,
    "backend": _TEXT,
    "versions": (_each(is_text), "be an object of text"),
    "dataset_files": (_each(is_text), "be an object of text"),
    "class_names": (_are_texts, "be a list of texts"),
    "untested": (_are_texts, "be a list of texts"),
}


def _disagreement(content: Mapping[str, Any]) -> str | None:
    """Where values of the right kinds do not agree with each other."""
    for name, value in content.get("config", {}).items():
        if name in _GROUPS and not isinstance(value, Mapping):
            return f"{name!r} in 'config' should be an object, it is {_shown(value)}"
    rows = content["per_run"]
    for number, row in enumerate(rows):
        if "epochs" in row and row.get("best_epoch", 0) > row["epochs"]:
            return (
                f"run {number} of 'per_run' selected epoch {row['best_epoch']} of {row['epochs']}"
            )
    if len({(row["split"], row["seed"]) for row in rows}) < len(rows):
        return "'per_run' holds two runs of one split and seed"
    for part in ("test", "val"):
        found, mean = content[part], sum(row[part] for row in rows) / len(rows)
        if found["n"] != len(rows) or abs(found["mean"] - mean) > 0.01 + 1e-4 * abs(mean):
            return (
                f"{part!r} is the mean {found['mean']} of {found['n']}, 'per_run' has the mean "
                f"{mean} of {len(rows)}"
            )
    diverged = sum(row.get("diverged", False) for row in rows)
    if content.get("diverged", diverged) != diverged:
        return f"'diverged' is {content['diverged']}, of 'per_run' {diverged} diverged"
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
