"""``longnn train``: train one model on all splits of one dataset, or a sweep (-m).

Imports jax inside the job only, so that ``--help`` answers at once.
"""

import sys
from typing import Any

import hydra
from omegaconf import DictConfig

from .cli import CONF, check_command_line, register_resolvers


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def job(config: DictConfig) -> dict[str, Any]:
    """One run of Hydra: one run directory."""
    register_resolvers()  # where a launcher starts a process of its own
    from .single import run

    return run(config)


def main() -> None:
    """Checks the command line, then hands over to Hydra."""
    register_resolvers()
    check_command_line(sys.argv[1:])
    job()


if __name__ == "__main__":
    # from a checkout: the code that runs is that of the installed package, under one name
    from longnn.experiments import train

    train.main()
