"""``longnn report DIR ...``: tables, paired tests and figures of finished runs.

Everything comes from the files of run directories; nothing here trains, and nothing imports jax.
"""

from .blocks import block
from .overview import overview_tables
from .runs import Benchmark, by_benchmark, by_model, collect

__all__ = ["Benchmark", "block", "by_benchmark", "by_model", "collect", "overview_tables"]
