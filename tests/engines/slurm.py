"""SLURM with two nodes on this machine, and its database of accounts where that is asked for.

    python -m tests.engines.slurm --accounting -- sinfo

A node is a slurmd with one processor, and with a host name of its own where the kernel allows that.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .engine import Daemons, can_name, daemons, free_ports, listens, named, until
from .inside import command_line, run_inside

NODES = ("node1", "node2")

CONF = """
ClusterName=engine
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=5
MinJobAge=10
SlurmdTimeout=20
InactiveLimit=0
{accounting}
NodeName=node1 NodeAddr=127.0.0.1 NodeHostname={hosts[0]} Port={ports[0]} CPUs=1
NodeName=node2 NodeAddr=127.0.0.1 NodeHostname={hosts[1]} Port={ports[1]} CPUs=1
PartitionName=all Nodes=ALL Default=YES State=UP
"""

OVERRIDES = (
    *("hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=10"),
    "hydra.launcher.cpus_per_task=1",
)
"""Of a sweep whose jobs are SLURM's."""

WITH_DATABASE = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
AccountingStoragePass={folder}/munge.socket"""

DATABASE_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={port}
SlurmUser=root
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={storage}
StorageUser=slurm
StorageLoc=accounts
"""


class Slurm:
    """A cluster that runs.

    Attributes:
        daemons: its processes.
        accounting: whether it keeps accounts, which ``sacct`` shows.
    """

    def __init__(self, processes: Daemons, *, accounting: bool):
        self.daemons, self.accounting = processes, accounting
        self._control, self._database, self._storage, *self._ports = free_ports(5)
        processes.environment["SLURM_CONF"] = str(processes.folder / "slurm.conf")

    def start(self) -> None:
        """Starts all of it."""
        folder = self.daemons.folder
        (folder / "state").mkdir()
        (folder / "slurm.conf").write_text(self._conf())
        self._start_munge()
        if self.accounting:
            self._start_database()
        self.daemons.start(
            "slurmctld", ["slurmctld", "-D"], ready=lambda: "UP" in self.tried("scontrol", "ping")
        )
        for node in NODES:
            self.start_node(node)

    def start_node(self, name: str) -> None:
        """Starts a node, also one that was killed."""
        command = named(name, ["slurmd", "-D", "-N", name])
        self.daemons.start(name, command, ready=lambda: self.state_of(name) == "idle")

    def kill_node(self, name: str) -> None:
        """Kills the daemon of a node and all that runs on it, at once."""
        self.daemons.kill(name)

    def state_of(self, node: str) -> str:
        """What SLURM says of a node, such as "idle", "down*"."""
        return self.tried("sinfo", "--noheader", f"--nodes={node}", "--format=%t").strip()

    def queued(self, *options: str) -> list[str]:
        """The jobs that SLURM has, such as ["18_0", "18_1"]."""
        return self.ask("squeue", "--noheader", "--array", "--format=%i", *options).split()

    def ask(self, *command: str) -> str:
        """What a command of SLURM's prints."""
        return self.daemons.run(*command)

    def tried(self, *command: str) -> str:
        """The same of a command that may fail."""
        done = subprocess.run(
            command, env=self.daemons.environment, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def _conf(self) -> str:
        own = socket.gethostname()
        folder = self.daemons.folder
        accounting = WITH_DATABASE.format(port=self._database, folder=folder)
        return CONF.format(
            host=own,
            control=self._control,
            folder=folder,
            accounting=accounting if self.accounting else "",
            hosts=NODES if can_name() else (own, own),
            ports=self._ports,
        )

    def _start_munge(self) -> None:
        folder = self.daemons.folder
        key, sock = folder / "munge.key", folder / "munge.socket"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        command = ["munged", "--foreground", f"--socket={sock}", *files]
        self.daemons.start("munged", command, ready=sock.exists)

    def _start_database(self) -> None:
        folder = self.daemons.folder
        data, first = folder / "mariadb", folder / "first.sql"
        own = ("--no-defaults", f"--datadir={data}", "--user=root")
        self.daemons.run("mariadb-install-db", *own, "--skip-test-db")
        first.write_text("CREATE USER slurm@'127.0.0.1';\nGRANT ALL ON *.* TO slurm@'127.0.0.1';\n")
        command = ["mariadbd", *own, f"--socket={folder}/mariadb.socket", f"--init-file={first}"]
        command += ["--bind-address=127.0.0.1", f"--port={self._storage}", "--skip-name-resolve"]
        command += ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder}/mariadb.pid"]
        self.daemons.start("mariadbd", command, ready=lambda: listens(self._storage))
        conf = folder / "slurmdbd.conf"
        conf.write_text(
            DATABASE_CONF.format(folder=folder, port=self._database, storage=self._storage)
        )
        conf.chmod(0o600)
        self.daemons.start("slurmdbd", ["slurmdbd", "-D"], ready=lambda: listens(self._database))
        until(self._registered, 60, lambda: self.daemons.said("slurmdbd"))

    def _registered(self) -> bool:
        self.tried("sacctmgr", "--immediate", "add", "cluster", "engine")
        return "engine" in self.tried("sacctmgr", "--noheader", "list", "cluster", "format=cluster")


@contextmanager
def slurm(*, accounting: bool = False) -> Iterator[Slurm]:
    """A cluster while the block runs.

    Args:
        accounting: whether it keeps accounts.
    """
    with daemons() as processes:
        cluster = Slurm(processes, accounting=accounting)
        cluster.start()
        yield cluster


def main() -> int:
    """Runs a command with a cluster."""
    parser = command_line(__doc__)
    parser.add_argument("--accounting", action="store_true", help="keep accounts in a database")
    options = parser.parse_args()
    return run_inside(slurm(accounting=options.accounting), options.command)


if __name__ == "__main__":
    sys.exit(main())
