"""``longnn approximate``: fit polynomial filters to known responses.

jax is imported inside the job only, so that ``--help`` answers at once.
"""

import re
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ..config.checked import check_top
from ..config.cli import CONF, check_command_line, register_resolvers
from ..config.output import check_output
from ..config.starting import EXPLAINED, JobError, started
from ..config.words import in_order
from ..jobs.leftover import discard
from .identity import fit_name

_PLAIN = re.compile(r"[\w./~,+:-]*|['\"\[].*")


@hydra.main(config_path=str(CONF), config_name="approximate", version_base="1.3")
def job(config: DictConfig) -> None:
    """Makes one fit, into one directory.

    Args:
        config: the composed config of the fit.
    """
    _register()
    directory = Path(HydraConfig.get().runtime.output_dir)
    try:
        check_top(config, "approximate")
        from .single import run

        run(config)
    except EXPLAINED as error:
        discard(directory, f"{HydraConfig.get().job.name}.log")
        raise JobError(error) from error


def main() -> None:
    """Checks the command line, then hands over to Hydra.

    Raises:
        SystemExit: with code 2 and a message, for a word of the command line that means nothing,
            or where fits cannot be written.
    """
    _register()
    sys.argv[1:] = [quoted(argument) for argument in in_order(sys.argv[1:])]
    check_command_line(sys.argv[1:], "approximate")
    check_output(sys.argv[1:], "fits")
    started(job)


def quoted(argument: str) -> str:
    """Returns an argument such as ``filter=exp(-3*lam)`` with the quotes that Hydra needs.

    Example:
        >>> quoted("filter=exp(-3*lam)")
        "filter='exp(-3*lam)'"
    """
    key, equals, value = argument.partition("=")
    if key != "filter" or not equals or _PLAIN.fullmatch(value):
        return argument
    return f"filter='{value}'"


def _register() -> None:
    register_resolvers()
    OmegaConf.register_new_resolver("fit_name", lambda *, _root_: fit_name(_root_), replace=True)


if __name__ == "__main__":
    # from a checkout: the code that runs is that of the installed package, under one name
    from longnn.experiments.approximate import __main__ as installed

    installed.main()
