"""Compiled programs kept on disk, so that the next process starts training at once."""

from pathlib import Path

import jax
import pooch


def keep_compiled(directory: str | None) -> None:
    """Switches jax's persistent compilation cache on, or off.

    Programs that compile in under half a second are not kept. Where the directory cannot be
    written, jax warns and compiles.

    Args:
        directory: "auto" for the user's cache folder; None for no cache.
    """
    jax.config.update("jax_enable_compilation_cache", directory is not None)
    if directory is None:
        return
    path = Path(pooch.os_cache("longnn")) / "compiled" if directory == "auto" else Path(directory)
    jax.config.update("jax_compilation_cache_dir", str(path.expanduser()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
