"""What every engine is made of: a folder, daemons that are guarded, and ports of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .guard import PART, VARIABLE, kill

ROOT = Path(__file__).parents[2]

os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian keeps daemons


class Daemons:
    """The processes of an engine; each writes into a log of its own.

    Attributes:
        folder: of the engine, which is deleted at its end.
        environment: that marks a process as one of the engine's.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = dict(os.environ) | {VARIABLE: folder.name}
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str | Path], *, ready: Callable[[], bool]) -> None:
        """Starts a daemon, which stays in the foreground, and waits until it is ready.

        Args:
            name: of the daemon and of its log.
            command: that runs it.
            ready: whether it answers.

        Raises:
            RuntimeError: if it ends, with its log.
        """
        environment = self.environment | {PART: self._part(name)}
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
                start_new_session=True,
            )
        self._started[name] = process
        until(lambda: process.poll() is not None or ready(), 20, lambda: self.said(name))
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}:\n{self.said(name)}")

    def run(self, *command: str | Path, **environment: str) -> str:
        """Runs a command to its end and gives its output.

        Raises:
            RuntimeError: if it fails, with what it said.
        """
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            env=self.environment | environment,
            cwd=self.folder,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a daemon a signal and waits for its end."""
        self._started[name].send_signal(number)
        self._started[name].wait(timeout=60)

    def kill(self, name: str) -> None:
        """Kills a daemon and all that descends from it, with SIGKILL."""
        kill(f"{PART}={self._part(name)}")
        self._started[name].wait()

    def log(self, name: str) -> Path:
        """The file of what a daemon says."""
        return self.folder / f"{name}.out"

    def said(self, name: str) -> str:
        """The end of what a daemon has said."""
        return self.log(name).read_text(errors="replace")[-4000:]

    def reap(self) -> None:
        """Waits for the end of all daemons, which are killed by then."""
        for process in self._started.values():
            process.wait()

    def _part(self, name: str) -> str:
        return f"{self.folder.name}/{name}"


@contextmanager
def daemons() -> Iterator[Daemons]:
    """A folder for an engine, and a guard that kills all of its processes at the end."""
    # a short path, since that of a socket has to be shorter than 108 characters
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    folder.chmod(0o755)  # daemons that run as other users look into it
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.engines.guard", folder.name, folder],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    made = Daemons(folder)
    try:
        yield made
    finally:
        guard.communicate()
        made.reap()


def until(condition: Callable[[], object], seconds: float, said: Callable[[], str]) -> None:
    """Waits for a condition.

    Args:
        condition: that becomes true.
        seconds: to wait at most.
        said: what to show where it does not.

    Raises:
        TimeoutError: if it does not become true.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited for {seconds} s in vain:\n{said()}")
        time.sleep(0.1)


def free_ports(number: int) -> list[int]:
    """Ports that nothing listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listens(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def named(host: str, command: Sequence[str | Path]) -> list[str | Path]:
    """A command under a host name of its own, where the kernel allows that.

    Args:
        host: the name.
        command: to run.
    """
    if not can_name():
        return list(command)
    return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host, *command]


def can_name() -> bool:
    """Whether a process may be given a host name of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--uts", "hostname", "node1"], capture_output=True)
    return tried.returncode == 0
