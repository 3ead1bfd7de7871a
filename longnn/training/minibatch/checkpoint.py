"""A training in mini-batches as one file, from which another process goes on to the last bit."""

import fcntl
import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from longnn.graphs.device import on_device
from longnn.stores.blocks import StoreError
from longnn.stores.folders import writing
from longnn.training.minibatch.drive import BatchProgress, Trainer
from longnn.training.minibatch.step import run_batch
from longnn.training.minibatch.work import part_shapes
from longnn.training.snapshot import carried, leaves_of, with_leaves
from longnn.training.spreading import ONE

FILE = "training.checkpoint"

DIGITS = 64
"""Hexadecimal digits of the checksum that the file begins with."""


class Checkpoint:
    """Where a training is kept.

    Args:
        folder: of the file, which is made if it is missing.
        seconds: the least time between two savings.
        key: what must be equal for a training to go on, by name.
    """

    def __init__(self, folder: Path, seconds: float, key: dict[str, str]):
        self._file, self._seconds, self._key = folder / FILE, seconds, key
        self._last = time.perf_counter()

    def restore(self, trainer: Trainer) -> None:
        """Puts a trainer where the file was written, if there is one.

        Args:
            trainer: before its first epoch.

        Raises:
            StoreError: if the file is damaged, or of another training.
        """
        if not self._file.exists():
            return
        arrays = self._read()
        kept = json.loads(str(arrays.pop("key")))
        other = sorted(name for name in self._key if kept.get(name) != self._key[name])
        if other:
            raise StoreError(
                f"{self._file} is of a training with other {' and '.join(other)}; name another "
                "folder for this one, or delete it"
            )
        self._put(trainer, arrays)

    def _read(self) -> dict[str, np.ndarray]:
        content = self._file.read_bytes()
        digest, body = content[:DIGITS], content[DIGITS:]
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise StoreError(
                f"{self._file} is damaged: its checksum is another; delete it to begin again"
            )
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except (ValueError, zipfile.BadZipFile) as error:
            raise StoreError(f"{self._file} holds no arrays; delete it to begin again") from error

    def _put(self, trainer: Trainer, arrays: dict[str, np.ndarray]) -> None:
        tree = carried(trainer.state, trainer.members)
        taken = {name: arrays.get(f"leaf.{name}") for name in leaves_of(tree)}
        for name, leaf in leaves_of(tree).items():
            value = taken[name]
            if value is None or (value.shape, value.dtype) != (leaf.shape, leaf.dtype):
                raise StoreError(f"{self._file} has no {name} of this training; delete it")
        tree = with_leaves(tree, taken, ONE)  # type: ignore[arg-type]  # none is missing
        trainer.state = tree["state"]
        trainer.members = trainer.members._replace(settings=tree["settings"])
        trainer.loss = on_device(arrays["loss"])
        trainer.epoch, trainer.number = map(int, arrays["at"])
        anchor = arrays["anchor"]
        trainer.anchor = None if np.isnan(anchor).any() else (float(anchor[0]), float(anchor[1]))
        curves = {k.removeprefix("curve."): v for k, v in arrays.items() if k.startswith("curve.")}
        trainer.curves = {name: list(values) for name, values in curves.items()}

    def keep(self, trainer: Trainer, now: bool = False) -> None:
        """Writes the file, where the last time is long enough ago.

        Args:
            trainer: between two mini-batches.
            now: whether to write it in any case.

        Raises:
            StoreError: if the disk is full.
        """
        if not now and time.perf_counter() - self._last < self._seconds:
            return
        arrays = {
            "key": np.array(json.dumps(self._key)),
            "loss": np.asarray(trainer.loss),
            "at": np.array([trainer.epoch, trainer.number], np.int64),
            "anchor": np.array(trainer.anchor or (np.nan, np.nan)),
        }
        leaves = leaves_of(carried(trainer.state, trainer.members))
        arrays |= {f"leaf.{name}": np.asarray(leaf) for name, leaf in leaves.items()}
        arrays |= {f"curve.{name}": np.stack(values) for name, values in trainer.curves.items()}
        held = io.BytesIO()
        np.savez(held, allow_pickle=False, **arrays)
        body = held.getvalue()
        with writing(self._file) as file:
            file.write(hashlib.sha256(body).hexdigest().encode() + body)
        self._last = time.perf_counter()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes a folder, and refuses where another process trains in it.

    Args:
        folder: of a checkpoint.

    Raises:
        StoreError: if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StoreError(
            f"another process trains in {folder}; wait until it ends, or name another folder"
        ) from error
    finally:
        os.close(handle)


def train_kept(
    trainer: Trainer,
    folder: Path,
    seconds: float,
    on_progress: Callable[[BatchProgress], None],
) -> None:
    """Trains until every run is over, and goes on from what is in the folder.

    Args:
        trainer: before its first epoch.
        folder: of the checkpoint.
        seconds: the least time between two savings.
        on_progress: see ``Trainer.train``.

    Raises:
        StoreError: if the checkpoint is damaged, of another training or in use, or its disk is
            full.
    """
    with alone_in(folder):
        kept = Checkpoint(folder, seconds, _key_of(trainer))
        kept.restore(trainer)
        trainer.train(on_progress, kept.keep)
        kept.keep(trainer, now=True)


def _key_of(trainer: Trainer) -> dict[str, str]:
    """What must be equal for a training to go on, by the name that an error calls it."""
    work = trainer.work
    batch, plan = work.batch, work.plan
    members = batch.members
    numbers = (batch.values, members.key, members.rates, members.theta_decay, members.options)
    limits = (members.patience, members.max_epochs)
    order = (plan.batch, plan.piece, plan.together, plan.seed)
    given = (batch.program, trainer.state, trainer.members, trainer.loss, part_shapes(work))
    return {
        "terms": work.terms.checksum,
        "labels": _hash(work.labels),
        "splits": batch.splits.hash,
        "settings, seeds or optim": _hash(*jax.tree.leaves((numbers, limits))),
        "order of the nodes (batch_nodes, memory_gb, order_seed)": json.dumps(order),
        "tolerance": repr(trainer.tolerance),
        "model, optimizer or code": _hash(run_batch.lower(*given).as_text().encode()),
    }


def _hash(*values: Any) -> str:
    found = hashlib.sha256()
    for array in map(np.asarray, values):
        found.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return found.hexdigest()
