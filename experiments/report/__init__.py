"""``longnn report DIR ...``: tables, paired tests and figures of finished runs.

Everything comes from the files of run directories; nothing here trains, and nothing imports jax.
"""

from .blocks import block
from .overview import overview
from .runs import Run, Task, by_model, collect, tasks

__all__ = ["Run", "Task", "block", "by_model", "collect", "overview", "tasks"]
