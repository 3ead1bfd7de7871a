"""A Ray cluster of two nodes on this machine, each with one processor.

    python -m tests.engines.ray -- sh -c 'ray status --address "$LONGNN_RAY"'

The command finds the cluster's address in LONGNN_RAY.
"""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import Daemons, daemons, free_ports, named
from .inside import command_line, run_inside

VARIABLE = "LONGNN_RAY"
"""Where a command finds the address."""

RAY = Path(sys.executable).with_name("ray")

HOSTS = {"node1": "127.0.0.1", "node2": "127.0.0.2"}
"""The nodes and their addresses; the first is the head."""

OVERRIDES = ("hydra/launcher=ray", "hydra.launcher.batch=1")
"""Of a sweep each of whose jobs is a task."""

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


def settings(folder: Path) -> dict[str, str]:
    """What Ray reads of the environment, with a token of its own.

    Without it Ray would keep one in ~/.ray, which changes how later clusters of the user start.

    Args:
        folder: where the token is kept.
    """
    token = folder / "ray-token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    return SETTINGS | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


class Ray:
    """A cluster.

    Attributes:
        daemons: its processes.
        address: as ``hydra.launcher.address`` takes it.
    """

    def __init__(self, processes: Daemons):
        self.daemons = processes
        (self._port,) = free_ports(1)
        self.address = f"{HOSTS['node1']}:{self._port}"
        processes.environment.update(settings(processes.folder) | {VARIABLE: self.address})

    @property
    def overrides(self) -> tuple[str, ...]:
        """Of a sweep whose jobs are tasks of this cluster."""
        return (*OVERRIDES, f"hydra.launcher.address={self.address}")

    def start_node(self, name: str) -> None:
        """Starts a node, also one that was killed."""
        agent, metrics = free_ports(2)
        command = [RAY, "start", "--block", "--num-cpus=1", f"--node-ip-address={HOSTS[name]}"]
        command += [f"--dashboard-agent-listen-port={agent}", f"--metrics-export-port={metrics}"]
        command += ["--min-worker-port=0", "--max-worker-port=0", "--object-store-memory=80000000"]
        if name == "node1":
            command += ["--head", f"--port={self._port}"]
            command += ["--include-dashboard=false", f"--temp-dir={self.daemons.folder / 'ray'}"]
        else:
            command += [f"--address={self.address}"]
        self.daemons.log(name).unlink(missing_ok=True)
        self.daemons.start(
            name, named(name, command), ready=lambda: "runtime started" in self.daemons.said(name)
        )

    def kill_node(self, name: str) -> None:
        """Kills all processes of a node, at once."""
        self.daemons.kill(name)


@contextmanager
def ray() -> Iterator[Ray]:
    """A cluster while the block runs."""
    with daemons() as processes:
        cluster = Ray(processes)
        for node in HOSTS:
            cluster.start_node(node)
        yield cluster


if __name__ == "__main__":
    sys.exit(run_inside(ray(), command_line(__doc__).parse_args().command))
