"""Terms in few bits beside float32: error by order and bits, bytes, and the score of test nodes.

    python -m benchmarks.bits cora chameleon    measures these datasets (LONGNN_DATA_DIR is needed)
    python -m benchmarks.bits --write           docs/results/bits.md from what was measured

LON-GNN filters in front (``placement="before"``) on terms that were propagated once. For each of
ten splits, the model that was trained on float32 says how many bits each order needs: `calibrate`
looks at training nodes of that split alone. Then (1) the same weights predict from rounded terms,
and (2) the model is trained again on the terms of the policy, from the same initial values and
otherwise in the same way. All settings were fixed before the first measurement; nothing was chosen
by a score.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import longnn
import polybases
from benchmarks import bits_page
from longnn import stores
from longnn.models.propagated import Propagated, filter_of
from longnn.training.loop import predict

FIXED = ("minesweeper",)  # whose file ships ten masks; else ten splits per class, 60/20/20
ORDER = 10
SETTINGS = {"order": ORDER, "placement": "before", "shared": True, "hidden": 32, "dropout": 0.0}
RATE = {"lr": 0.02, "weight_decay": 5e-4}
FREE = {"lr": 0.02, "weight_decay": 0.0}
RATES = {"mlp": RATE, "decomposition": FREE, "coefficients": FREE, "basis": FREE}
EPOCHS = 50
NODES = 256  # training nodes of each split that the calibration looks at
SHARES = (1 / 4, 1 / 8, 1 / 16)  # of the bytes in float32; the first one is the default policy


def measure(name: str, folder: Path) -> dict[str, Any]:
    """Everything the page says of one dataset."""
    began = time.perf_counter()
    data = longnn.data.load(name)
    kind = longnn.data.splits.fixed if name in FIXED else longnn.data.splits.per_class
    splits = kind(data)
    terms = _terms(data, folder)
    few = {b: stores.compress(folder / f"bits-{b}", terms, b) for b in (16, 8, 4, 2, 1)}
    stored = {32: terms, **few}
    plain = _trained(data, splits, _assembled(stored, (32,) * (ORDER + 1)))
    found = [_calibration(plain, run, terms, splits) for run in range(len(splits.part))]
    rows = {"float32": [(32,) * (ORDER + 1)] * len(found)}
    rows |= {f"policy, {s:.4g}": [c.choose(s) for c in found] for s in SHARES}
    rows |= {f"{b} bits": [(b,) * (ORDER + 1)] * len(found) for b in (16, 8, 4, 2, 1)}
    record = {
        "dataset": name,
        "metric": plain.metric,
        "nodes": data.graph.num_nodes,
        "features": terms.features,
        "errors": np.sqrt([c.errors for c in found]).tolist(),
        "bytes": found[0].bytes.tolist(),
        "plain": found[0].plain,
        "scores": plain.score().values.tolist(),
        "rows": {what: _same_weights(plain, stored, each, found) for what, each in rows.items()},
    }
    default = rows[f"policy, {SHARES[0]:.4g}"]
    record["trained"] = _retrained(data, splits, stored, default)
    record["seconds"] = time.perf_counter() - began
    return record


def _terms(data: longnn.data.Dataset, folder: Path) -> stores.StoredTerms:
    graph = data.graph
    edges = np.stack([np.asarray(graph.senders), np.asarray(graph.receivers)], axis=1)
    stored = stores.build(folder / "graph", [(edges, None)], graph.num_nodes)
    features = data.features
    dense = np.asarray(features.toarray() if hasattr(features, "toarray") else features)
    basis = polybases.jacobi(ORDER, np.float64(0.0), np.float64(0.0))
    return stores.propagate(folder / "terms", stored, dense.astype(np.float32), basis)


def _assembled(stored: dict[int, stores.StoredTerms], bits: tuple[int, ...]) -> Propagated:
    """Terms of each order at its bits, in memory: rounding one does not depend on the others."""
    plain = stored[32]
    terms = np.empty((ORDER + 1, plain.num_nodes, plain.features), np.float32)
    for k, b in enumerate(bits):
        left = 0
        for files, width in zip(stored[b].files, plain.widths, strict=True):
            files[k].read(0, plain.num_nodes, terms[k, :, left : left + width])
            left += width
    return Propagated(jnp.asarray(terms), plain.basis)


def _problem(data: longnn.data.Dataset, terms: Propagated) -> longnn.training.Problem:
    return longnn.training.Problem(terms, terms, jnp.asarray(data.labels))


def _trained(
    data: longnn.data.Dataset, splits: longnn.data.Splits, terms: Propagated
) -> longnn.training.Fit:
    return longnn.fit(
        "longnn",
        _problem(data, terms),
        splits,
        classes=data.classes,
        metric=data.metric,
        optim=longnn.Optim(rates=RATES, max_epochs=EPOCHS),
        settings=SETTINGS,
    )


def _calibration(
    fit: longnn.training.Fit, run: int, terms: stores.StoredTerms, splits: longnn.data.Splits
) -> stores.Calibration:
    nodes = np.flatnonzero(splits.train[fit.runs[run]["split"]])
    return stores.calibrate(terms, nodes, *filter_of(fit.model(run), terms.basis), sample=NODES)


def _groups(each: list[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Different bits, and the splits that they were chosen for."""
    for bits in dict.fromkeys(each):
        yield bits, [i for i, b in enumerate(each) if b == bits]


def _of_runs(tree: nnx.State, runs: list[int]) -> nnx.State:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[np.array(runs)], tree)


def _same_weights(
    fit: longnn.training.Fit,
    stored: dict[int, stores.StoredTerms],
    each: list[tuple[int, ...]],
    found: list[stores.Calibration],
) -> dict[str, Any]:
    """Scores and changed predictions where models trained on float32 read terms in few bits."""
    outputs = fit.outputs.copy()
    for bits, runs in _groups(each):
        terms = _assembled(stored, bits)
        problem = longnn.training.Problem(terms, terms, jnp.asarray(fit.labels))
        params, settings = (_of_runs(tree, runs) for tree in (fit.params, fit.settings))
        outputs[runs] = predict(fit.program, params, settings, problem)
    changed = (outputs.argmax(2) != fit.outputs.argmax(2)).mean(1)
    few = each[0][0] != 32
    return {
        "bits": [list(b) for b in each],
        "share": [c.share(b) if few else 1.0 for c, b in zip(found, each, strict=True)],
        "error": [c.error(b) if few else 0.0 for c, b in zip(found, each, strict=True)],
        "scores": replace(fit, outputs=outputs).score().values.tolist(),
        "changed": changed.tolist(),
    }


def _retrained(
    data: longnn.data.Dataset,
    splits: longnn.data.Splits,
    stored: dict[int, stores.StoredTerms],
    each: list[tuple[int, ...]],
) -> list[float]:
    """Scores of training on the terms of each split's bits; all splits run, so that the initial
    values are the same, and those of other bits are left out."""
    scores = np.full(len(each), np.nan)
    for bits, runs in _groups(each):
        fit = _trained(data, splits, _assembled(stored, bits))
        scores[runs] = fit.score().values[runs]
    return scores.tolist()


def main() -> None:
    """Measures datasets, or writes the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", nargs="*", help=", ".join(bits_page.DATASETS))
    parser.add_argument("--write", action="store_true", help="docs/results/bits.md")
    options = parser.parse_args()
    for name in options.datasets:
        with tempfile.TemporaryDirectory() as folder:
            bits_page.keep(measure(name, Path(folder)))
    if options.write:
        bits_page.write()


if __name__ == "__main__":
    main()
