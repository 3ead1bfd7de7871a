"""What tables and figures call a run: the hash in the name of its directory."""

import re

from longnn.runs.result import Result

_HASHED = re.compile(r".+-([0-9a-f]{8})")
"""A directory that ``longnn train`` has named: DATASET_MODEL_SPLIT-HASH."""


def label(run: Result) -> str:
    """The name of a run in a report.

    Args:
        run: a finished run, or a record of one.

    Returns:
        The eight hex digits at the end of its directory's name; where it has another name, that
        name; the first digits of the identity where it lies in no directory.

    Example:
        A run in `runs/cora_mlp_stratified-15fb3a42` is called `15fb3a42`.
    """
    name = run.directory.name
    hashed = _HASHED.fullmatch(name)
    return hashed[1] if hashed else name or run.settings
