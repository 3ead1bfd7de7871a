"""Python's search for garbage, kept away from what a process needs until its end.

A search looks at every object there is, and jax and its company are half a million: some tenths of
a second each time, of which importing, tracing and the end of the process would all have theirs.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """What is imported inside is not searched, neither now nor later."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if searching:
            gc.enable()


def end_quickly() -> None:
    """At the end of the process nothing is searched any more."""
    atexit.register(gc.freeze)
