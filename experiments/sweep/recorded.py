"""What a recorded command of a sweep may not do unasked: a directory may be somebody else's."""

from collections.abc import Sequence

_OPTIONS = ("--config-dir", "-cd", "--config-path", "-cp", "--experimental-rerun")
"""Options after which files are read that may name any code."""

_KEYS = (
    *("hydra.searchpath", "hydra.job.env_set", "hydra.callbacks"),
    *("hydra.job_logging", "hydra.hydra_logging"),
    *(f"hydra.launcher.{key}" for key in ("setup", "python", "srun_args", "additional_parameters")),
)
"""Settings that are shell commands, environment variables or names of code, and all below them."""

_CACHES = ("auto", "null", "None")


def acting_word(command: Sequence[str]) -> str | None:
    """The first word of a recorded command that could run code of any kind; None if there is none.

    A ``_target_`` is not among them: which code that may name is judged where it is built.

    Args:
        command: arguments after ``longnn train``.
    """
    for word in command:
        key, _, value = word.lstrip("+~").partition("=")
        below = any(f"{key}.".startswith(f"{one}.") for one in _KEYS)
        cache = key == "compilation_cache" and value not in _CACHES  # it holds compiled programs
        whole = key in ("hydra", "hydra.launcher", "hydra.job") and "{" in value
        option = any(word == one or word.startswith(f"{one}=") for one in _OPTIONS)
        # Hydra builds what its own node names, at any depth; a path leads to files of anybody's
        named = key.startswith("hydra.") and "_target_" in word
        path = ("/" in key or "@" in key) and (".." in value or value.startswith("/"))
        if option or below or cache or whole or named or path:
            return word
    return None
