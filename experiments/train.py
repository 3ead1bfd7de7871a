"""``longnn train``: train a model on all splits of a dataset, or a sweep of many (-m).

jax is imported inside the job only, so that ``--help`` answers at once.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import hydra
from hydra.utils import get_original_cwd
from omegaconf import DictConfig

from .config.cli import CONF, check_command_line, register_resolvers
from .config.here import import_from
from .config.output import check_output
from .config.processes import joined
from .config.starting import started
from .config.words import in_order
from .garbage import kept


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def job(config: DictConfig) -> dict[str, Any]:
    """Trains one model on all splits of one dataset, into one run directory.

    Args:
        config: the composed config of the run.

    Returns:
        What a sweeper is told about the run.
    """
    register_resolvers()  # again, where a launcher has started a process for the job
    import_from(get_original_cwd())
    return _runner()(config)


@functools.cache
def _runner() -> Callable[[DictConfig], dict[str, str]]:
    """The function that runs a job, imported with all that it needs."""
    with kept():
        from .jobs.single import run

    return run


def main() -> None:
    """Checks the command line, then hands over to Hydra.

    Raises:
        SystemExit: with code 2 and a message, for a word of the command line that means nothing,
            or where runs cannot be written; with code 1 where a run fails.
    """
    register_resolvers()
    sys.argv[1:] = in_order(sys.argv[1:])
    check_command_line(sys.argv[1:])
    check_output(sys.argv[1:], "runs")
    with joined(sys.argv[1:]) as silent:
        sys.argv[1:] += silent
        _train()


def _train() -> None:
    try:
        started(job)
    except KeyboardInterrupt:  # of a sweep its sweeper says more
        print("\ninterrupted; the same command starts the run again", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    # from a checkout: the code that runs is that of the installed package, under one name
    from longnn.experiments import train

    train.main()
