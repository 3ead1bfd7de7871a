"""The engines that are here: their versions, and the Debian packages of those that are missing."""

import importlib.metadata
import re
import shutil
import subprocess

from . import postgres

PACKAGES = {
    "slurmctld": "slurm-wlm",
    "slurmd": "slurm-wlm",
    "sbatch": "slurm-wlm",
    "slurmdbd": "slurmdbd",
    "munged": "munge",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "postgres": "postgresql",
}
"""Program -> the package of Debian's that brings it."""

MODULES = ("ray", "psycopg")


def missing_packages() -> list[str]:
    """The packages whose programs are not found."""
    found = {name: shutil.which(postgres.program(name)) for name in PACKAGES}
    return sorted({PACKAGES[name] for name, path in found.items() if path is None})


def missing_modules() -> list[str]:
    """The Python packages that are not installed."""
    there = {found.metadata["Name"] for found in importlib.metadata.distributions()}
    return [name for name in MODULES if name not in there]


def versions() -> dict[str, str]:
    """Engine -> its version."""
    return {
        "SLURM": _said("slurmctld", "-V"),
        "PostgreSQL": _said(postgres.program("postgres"), "--version"),
        "Ray": importlib.metadata.version("ray"),
        "psycopg": importlib.metadata.version("psycopg"),
    }


def _said(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+[.\d]*", said)
    return found[0] if found else said.strip()
