"""A run on a directed graph of the user's, by the command, and opened again."""

import numpy as np
import pytest

import longnn


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["magnetic", "directions"])
def test_trained_opened_and_predicted(train, tmp_path, kind):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    np.savez(
        tmp_path / "mine.npz",
        edges=rng.integers(0, 60, (200, 2)),
        features=rng.normal(size=(60, 5)) + labels[:, None],
        labels=labels,
    )
    (directory,) = train(
        "dataset=npz",
        f"dataset.path={tmp_path}/mine.npz",
        "dataset.directed=true",
        f"graph.operator={kind}",
        "graph.charge=0.1",
        "split.count=2",
        "optim.max_epochs=8",
        "model.order=3",
    )
    run = longnn.load(directory)
    assert run.model(0).directed
    assert run.dataset().digraph is not None
    np.testing.assert_allclose(run.predict().outputs, run.outputs, atol=1e-5)
    plain = longnn.data.npz.load(tmp_path / "mine.npz")
    with pytest.raises(ValueError, match=f"operator '{kind}' needs the directions of edges"):
        run.predict(plain)
