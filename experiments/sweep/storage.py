"""Where the studies of searches are kept: a journal, SQLite, or a database server, patiently."""

import contextlib
import fcntl
import functools
import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from longnn.runs.atomic import atomic_write, create_once

LOG = logging.getLogger(__name__)

PATIENCE = 300.0
"""Seconds for which a database that does not answer is asked again."""

IDENTITY = "study-id"
"""The file that tells the studies of one directory from those of others in the same database."""


def open_storage(directory: Path, storage: str) -> BaseStorage:
    """Where the studies of a search are kept.

    Args:
        directory: of the sweep, which is made if it is missing.
        storage: "journal" (a file in `directory`), "sqlite" (likewise), or a URL of SQLAlchemy's.

    Raises:
        ValueError: if a URL cannot be used: it is none, its driver is missing, or nobody answers.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if storage == "journal":
        file = directory.absolute() / "study.log"
        lock = _Lock(file)
        with contextlib.closing(lock):
            if lock.acquire():
                mend_journal(file)
        return JournalStorage(JournalFileBackend(str(file), lock))
    if storage == "sqlite":
        storage = f"sqlite:///{(directory / 'study.db').absolute()}"
    return _database(storage)


def stored_name(directory: Path, storage: str, name: str) -> str:
    """The name of a study in its storage, where a database may hold those of other directories.

    Args:
        directory: of the sweep.
        storage: as of :func:`open_storage`.
        name: of the study in the directory.
    """
    if storage in ("journal", "sqlite"):
        return name
    create_once(directory / IDENTITY, uuid.uuid4().hex[:12] + "\n")
    return f"{name}-{(directory / IDENTITY).read_text().strip()}"


def mend_journal(file: Path) -> None:
    """Takes out of a journal what is no record: what a full disk or a loss of power tore.

    It is kept in a file beside it, ``study.log.torn``. The caller holds the journal's lock.

    Args:
        file: the journal, which may be missing.
    """
    if not file.exists():
        return
    lines = file.read_bytes().splitlines(keepends=True)
    records = [_record(line) for line in lines]
    if records == lines:
        return
    torn = [line.removesuffix(record) for line, record in zip(lines, records, strict=True)]
    aside = file.with_name(f"{file.name}.torn")
    with contextlib.suppress(OSError), aside.open("ab") as out:  # the disk may still be full
        out.writelines(part.rstrip(b"\n") + b"\n" for part in torn if part)
    if records[:-1] == lines[:-1] and not records[-1]:
        os.truncate(file, sum(map(len, records)))  # which a full disk allows
    else:
        with atomic_write(file) as path:
            path.write_bytes(b"".join(records))
    LOG.warning(f"{file} held records that were written in part; they are in {aside.name} now")


def _record(line: bytes) -> bytes:
    """A line of a journal, without a torn record before it; nothing where it holds no record."""
    if not line.endswith(b"\n"):
        return b""
    start = 0
    while start >= 0:
        with contextlib.suppress(ValueError):
            if isinstance(json.loads(line[start:]), dict):
                return line[start:]
        start = line.find(b'{"', start + 1)
    return b""


class _Lock(JournalFileOpenLock):
    """A lock that the kernel releases when its owner dies; Optuna's own waits half a minute."""

    def __init__(self, file: Path):
        super().__init__(str(file))
        self._journal, self._path = file, f"{file}.kernel-lock"

    def acquire(self) -> bool:
        self._file = open(self._path, "w")  # noqa: SIM115 (closed by release)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        if not _ends_in_a_line(self._journal):
            mend_journal(self._journal)
        return True

    def release(self) -> None:
        self._file.close()

    close = release


def _ends_in_a_line(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), file.open("rb") as journal:
        if journal.seek(0, os.SEEK_END):
            journal.seek(-1, os.SEEK_END)
            return journal.read(1) == b"\n"
    return True


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    """Asks a database again that does not answer for a while."""

    @functools.wraps(method)
    def asked(*arguments: Any, **named: Any) -> Any:
        until, pause = time.monotonic() + PATIENCE, 0.2
        while True:
            try:
                return method(*arguments, **named)
            except (StorageInternalError, SQLAlchemyError) as error:
                if not is_outage(error) or time.monotonic() > until:
                    raise
                if pause == 0.2:
                    LOG.warning(f"the database does not answer, it is asked again: {_first(error)}")
                time.sleep(pause)
                pause = min(2 * pause, 5.0)

    return asked


def is_outage(error: BaseException | None) -> bool:
    """Whether an error says that a database does not answer, rather than that it refuses."""
    while error is not None:
        if isinstance(error, DBAPIError):
            return error.connection_invalidated or type(error).__name__ in (
                "OperationalError",
                "InterfaceError",
            )
        error = error.__cause__
    return False


def _database(url: str) -> BaseStorage:
    """A database that is there; several processes may make its tables at once."""
    shown = _without_password(url)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.startswith("sqlite"):  # whose file is closed after each question
        options = {"poolclass": NullPool, "connect_args": {"timeout": 60}}
    for tries in range(10):
        try:
            storage = optuna.storages.get_storage(RDBStorage(url, engine_kwargs=options))
            break
        except (ImportError, NoSuchModuleError) as error:
            raise ValueError(
                f"hydra.sweeper.storage={shown} needs a driver that is not installed ({error}); "
                'for PostgreSQL: pip install "longnn[postgresql]" and '
                "postgresql+psycopg://USER@HOST/DATABASE"
            ) from error
        except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
            problem = error
            if is_outage(error) and not url.startswith("sqlite"):
                raise ValueError(
                    f"hydra.sweeper.storage={shown} does not answer: {_first(error)}"
                ) from error
            time.sleep(0.1 * (tries + 1))  # another process was making the tables
    else:
        raise ValueError(f"hydra.sweeper.storage={shown} cannot be used: {_first(problem)}")
    for name in BaseStorage.__abstractmethods__ - {"create_new_trial"}:
        # a trial that is created again where an answer was lost would be two
        setattr(storage, name, _patient(getattr(storage, name)))
    return storage


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def _first(error: BaseException) -> str:
    """The first line of what a database said."""
    said = error.__cause__ or error
    return str(said).splitlines()[0] if str(said) else type(said).__name__
