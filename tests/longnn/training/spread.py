"""Run by test_spreading.py where there are eight simulated devices: differences to one of them."""

import json
import re
import sys
from collections.abc import Callable
from unittest.mock import patch

import jax
import numpy as np

from longnn.models import MLP, LonGNN
from longnn.training import Optim, Trial, drive, fit, fit_each, places
from longnn.training.batch import make_batch
from longnn.training.executable import compiled_step
from longnn.training.room import bytes_of
from tests.longnn.training.test_checkpoint import Kept, KilledError
from tests.toy import C, problem, rates, splits

SETTINGS = {"order": 3, "hidden": 4, "dropout": 0.3, "filter_dropout": 0.2}
OPTIM = Optim(rates(), max_epochs=20, patience=20)
ENDING = Optim(rates(), max_epochs=60, patience=4)
COLLECTIVES = r"\b(all-gather|all-reduce|all-to-all|collective-\w+|reduce-scatter)"
SMALL = {"hidden": 4, "dropout": 0.3}
TRIALS = [Trial(SMALL, ENDING, (0, 1)), Trial(SMALL, Optim(rates(0.05), 30, 2), (1,))]


def trained(devices, optim=OPTIM, dtype="float64", model=LonGNN, **options):
    return fit(model, problem(dtype), splits(5), classes=C, optim=optim,
               settings=SETTINGS if model is LonGNN else SMALL, seeds=(0, 1), chunk=10,
               devices=devices, **options)  # fmt: skip


def difference(one, other) -> float:
    """The largest of losses, relative, and of outputs; inf where other epochs were selected."""
    if one.runs != other.runs:
        return np.inf
    of = lambda x, y: np.nanmax(np.abs(x - y) / np.abs(y))  # noqa: E731
    losses = [of(other.curves[name], one.curves[name]) for name in ("loss", "val_loss")]
    return float(max(*losses, np.abs(one.outputs - other.outputs).max()))


def fast() -> dict[str, object]:
    """Ten runs on four devices, of which two places are empty."""
    one, four = _step(1, 10), _step(4, 12)
    return {
        "float64": difference(trained(1), trained(4)),
        "partitions": re.findall(r"num_partitions=(\d+)", four.as_text()),
        "collectives": re.findall(COLLECTIVES, four.as_text()),
        "bytes": [bytes_of(one), bytes_of(four)],
    }


def _step(devices, size):
    batch = make_batch(LonGNN, problem(), splits(5), C, [Trial(SETTINGS, OPTIM, (0, 1))],
                       "accuracy", devices=devices)  # fmt: skip
    return compiled_step(batch, *batch.shapes(size), 10)


def slow() -> dict[str, object]:
    return {
        "float32": difference(trained(1, dtype="float32"), trained("all", dtype="float32")),
        **_ending(),
        **_kept(),
    }


def _ending() -> dict[str, object]:
    """Runs that wait, end, and make room; the batch shrinks; trials are given up."""
    one, heard = trained(1, ENDING, model=MLP), []
    pruned = [_each(devices, lambda trial, epoch, _: trial == 1 and epoch > 5)
              for devices in (1, 4)]  # fmt: skip
    found: dict[str, object] = {
        "pruned": max(difference(a, b) for a, b in zip(*pruned, strict=True)),
        "given up": [fit.pruned for fit in pruned[1]],
    }
    with patch.object(places, "worthwhile", lambda *_: True):
        found["shrinks"] = difference(one, trained(4, ENDING, model=MLP))
        with patch.object(drive, "batch_size", lambda *_: 4):
            waited = trained(4, ENDING, model=MLP, on_progress=heard.append)
    return found | {"waits": difference(one, waited), "waiting": heard[0].waiting}


def _kept() -> dict[str, object]:
    """A checkpoint of some devices goes on with others."""
    one, found = _each(1), {}
    for before, after in ((4, 1), (1, 4)):
        cut = Kept(kill=2)
        try:
            _each(before, checkpoints=cut)
        except KilledError:
            again = Kept(cut.kept)
        ended = _each(after, checkpoints=again)
        name = f"{before} to {after}"
        found[name] = max(difference(a, b) for a, b in zip(one, ended, strict=True))
        found[f"{name}, from"] = sorted(again.from_epoch.values())
        found[f"{name}, ignored"] = again.why
    return found


def _each(devices, prune=None, checkpoints=None):
    fits = dict(fit_each(MLP, problem(), splits(), TRIALS, classes=C, chunk=5, prune=prune,
                         devices=devices, checkpoints=checkpoints))  # fmt: skip
    return [fits[trial] for trial in sorted(fits)]


if __name__ == "__main__":
    assert jax.device_count() == 8
    work: Callable[[], dict[str, object]] = {"fast": fast, "slow": slow}[sys.argv[1]]
    print(json.dumps(work()))
