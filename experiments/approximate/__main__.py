"""``longnn approximate``: fit filters to known responses.

Imports jax inside the job only, so that ``--help`` answers at once.
"""

import re
import sys

import hydra
from omegaconf import DictConfig, OmegaConf

from ..cli import CONF, check_command_line, register_resolvers
from ..output import check_output
from .identity import fit_name

_PLAIN = re.compile(r"[\w./~,+:-]*|['\"\[].*")


@hydra.main(config_path=str(CONF), config_name="approximate", version_base="1.3")
def job(config: DictConfig) -> None:
    """One run of Hydra: one directory."""
    _register()
    from .single import run

    run(config)


def main() -> None:
    """Checks the command line, then hands over to Hydra."""
    _register()
    sys.argv[1:] = [quoted(argument) for argument in sys.argv[1:]]
    check_command_line(sys.argv[1:], "approximate")
    check_output(sys.argv[1:], "fits")
    job()


def quoted(argument: str) -> str:
    """``filter=exp(-3*lam)`` with the quotes that Hydra wants around an expression."""
    key, equals, value = argument.partition("=")
    if key != "filter" or not equals or _PLAIN.fullmatch(value):
        return argument
    return f"filter='{value}'"


def _register() -> None:
    register_resolvers()
    OmegaConf.register_new_resolver("fit_name", lambda *, _root_: fit_name(_root_), replace=True)


if __name__ == "__main__":
    main()
