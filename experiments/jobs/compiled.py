"""Keeps compiled programs on disk for the next process, and drops them before memory is full."""

from pathlib import Path

import jax
import pooch


def keep_compiled(directory: str | None) -> None:
    """Switches jax's persistent compilation cache on, or off.

    Programs that compile in under a twentieth of a second are not kept. Where the directory cannot
    be written, jax warns and compiles.

    Args:
        directory: "auto" for the user's cache folder; None for no cache.
    """
    jax.config.update("jax_enable_compilation_cache", directory is not None)
    if directory is None:
        return
    path = Path(pooch.os_cache("longnn")) / "compiled" if directory == "auto" else Path(directory)
    jax.config.update("jax_compilation_cache_dir", str(path.expanduser()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)


def release_compiled(share: float = 0.5) -> bool:
    """Drops all compiled programs once they hold more than a share of the memory maps allowed.

    A program takes several memory maps, of which Linux allows a process ``vm.max_map_count``
    (65530 by default), and jax keeps every program; where no map is left, XLA ends the process
    with a segmentation fault. Other systems have no such limit.

    Args:
        share: of the limit, in [0, 1].

    Returns:
        Whether programs were dropped; those that are used again compile again.
    """
    limit, maps = Path("/proc/sys/vm/max_map_count"), Path("/proc/self/maps")
    if not limit.exists() or maps.read_bytes().count(b"\n") <= share * int(limit.read_text()):
        return False
    jax.clear_caches()
    return True
