"""Every combination of the values that a grid lists, as overrides of jobs."""

import itertools
from collections.abc import Mapping

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from ..config.values import as_value


def all_combinations(
    parser: OverridesParser, params: Mapping[str, object], arguments: list[str]
) -> list[list[str]]:
    """Overrides of each job; an argument takes the place of the entry of the same key.

    Args:
        parser: Hydra's.
        params: key -> a list of values, one value, or a text as on the command line ("a,b",
            "range(0,5)").
        arguments: of the command line, some with several values.

    Raises:
        ValueError: for an entry that does not list its values, such as an interval.
    """
    listed = {key: _of_entry(parser, key, entry) for key, entry in params.items()}
    for override in parser.parse_overrides(arguments):
        listed[override.get_key_element()] = _of_override(override)
    return [list(job) for job in itertools.product(*listed.values())]


def _of_entry(parser: OverridesParser, key: str, entry: object) -> list[str]:
    if isinstance(entry, Mapping):
        raise ValueError(
            f"a grid takes a list of values for {key}, got {dict(entry)}; ranges belong to a "
            "search (sweep=optuna)"
        )
    if isinstance(entry, str):
        (override,) = parser.parse_overrides([f"{key}={entry}"])
        return _of_override(override)
    values = entry if isinstance(entry, list | tuple) else [entry]
    return [f"{key}={as_value(value)}" for value in values]


def _of_override(override: Override) -> list[str]:
    key = override.get_key_element()
    if not override.is_sweep_override():
        return [f"{key}={override.get_value_element_as_str()}"]
    if not override.is_discrete_sweep():
        raise ValueError(
            f"a grid takes a list of values for {key}, got {override.input_line}; intervals belong "
            "to a search (sweep=optuna)"
        )
    return [f"{key}={value}" for value in override.sweep_string_iterator()]
