"""A PostgreSQL server on this machine, with an empty database.

    python -m tests.engines.postgres -- sh -c 'psql "$LONGNN_DATABASE" -c "select version()"'

The command finds its URL in LONGNN_DATABASE.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import Daemons, daemons, free_ports
from .inside import command_line, run_inside

VARIABLE = "LONGNN_DATABASE"
"""Where a command finds the URL, as PostgreSQL's own tools write it."""


def program(name: str) -> str:
    """A program of PostgreSQL's, which Debian keeps out of the PATH.

    Args:
        name: of the program.
    """
    newest = max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)
    return str(newest or shutil.which(name) or name)


class Postgres:
    """A server.

    Attributes:
        daemons: its processes.
        url: as SQLAlchemy with psycopg 3 reads it.
    """

    def __init__(self, processes: Daemons):
        self.daemons = processes
        (self._port,) = free_ports(1)
        address = f"longnn@127.0.0.1:{self._port}/postgres"
        self.url = f"postgresql+psycopg://{address}"
        processes.environment[VARIABLE] = f"postgresql://{address}"
        self._folder = processes.folder / "postgres"

    def create(self) -> None:
        """Makes the files of the server."""
        self._folder.mkdir()
        if os.geteuid() == 0:  # which the server refuses to run as
            shutil.chown(self._folder, "postgres", "postgres")
        options = ("--auth=trust", "--username=longnn", "--encoding=UTF8", "--no-sync")
        self.daemons.run(
            *self._as_its_user(), program("initdb"), "-D", self._folder / "data", *options
        )

    def start(self) -> None:
        """Starts the server, also after :meth:`stop`."""
        options = ["-p", str(self._port), "-k", str(self._folder)]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        command = [program("postgres"), "-D", str(self._folder / "data"), *options]
        self.daemons.start("postgres", [*self._as_its_user(), *command], ready=self._answers)

    def stop(self) -> None:
        """Stops it, which ends its connections."""
        self.daemons.signal("postgres", signal.SIGINT)

    def _answers(self) -> bool:
        asked = [program("pg_isready"), "--host=127.0.0.1", f"--port={self._port}"]
        return subprocess.run(asked, capture_output=True).returncode == 0

    @staticmethod
    def _as_its_user() -> list[str]:
        if os.geteuid() != 0:
            return []
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server while the block runs."""
    with daemons() as processes:
        server = Postgres(processes)
        server.create()
        server.start()
        yield server


if __name__ == "__main__":
    sys.exit(run_inside(postgres(), command_line(__doc__).parse_args().command))
