"""A new basis, dataset and model in a folder of their own train without an edit of ours."""

import pytest

from tests.experiments.conftest import result_of

PYTHON = '''
import jax, jax.numpy as jnp, numpy as np
from flax import nnx
from longnn import Graph, filter
from longnn.data import Dataset
from polybases import Recurrence


class Chebyshev(nnx.Module):
    """Orthonormal Chebyshev T: nothing to learn."""

    def __init__(self, order, alpha, beta, *, dtype):
        self.order, self.dtype = order, dtype

    def __call__(self):
        half = jnp.full(self.order, 0.5, self.dtype).at[0].set(2 ** -0.5)
        lower = jnp.concatenate([jnp.zeros(1, self.dtype), half[:-1]])
        return Recurrence(jnp.asarray(np.pi ** -0.5, self.dtype), 0 * half, half, lower)


def ring(name, nodes):
    edges = np.stack([np.arange(nodes), (np.arange(nodes) + 1) % nodes], 1)
    labels = np.arange(nodes) % 2
    features = np.random.default_rng(0).normal(size=(nodes, 3)) + labels[:, None]
    return Dataset(name, Graph.from_edges(edges, nodes), features.astype("float32"), labels, 2)


class OneStep(nnx.Module):
    """softmax((X W) after one multiplication by S)."""

    def __init__(self, in_features, classes, *, scale, dtype, rngs):
        self.kernel = nnx.Param(jnp.zeros((in_features, classes), dtype))
        self.scale = scale

    def __call__(self, operator, features, key=None):
        projected = self.scale * features.project(self.kernel[...])
        return jax.nn.log_softmax(operator.matvec(projected))
'''

CONFIGS = {
    "dataset/my_ring.yaml": "_target_: mine.ring\nname: ring\nnodes: 40\n",
    "model/onestep.yaml": "_target_: mine.OneStep\nscale: 2.0\n",
    "tuned/mine.yaml": "defaults: [none]\n",
    "tuned/mine/onestep_my_ring.yaml": (
        "# @package _global_\ntuned: {source: by hand}\noptim: {groups: {mlp: {lr: 0.25}}}\n"
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(PYTHON)
    for name, text in CONFIGS.items():
        file = tmp_path / "conf" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


SHORT = ("optim.max_epochs=20", "split.count=2", "figures=false")


@pytest.mark.slow
def test_new_dataset_and_model(folder, train):
    (directory,) = train(
        "--config-dir", "conf", "dataset=my_ring", "model=onestep", "tuned=mine", *SHORT
    )
    result = result_of(directory)
    assert result["config"]["tuned"] == {"source": "by hand"}
    assert (result["dataset"], result["model"]) == ("ring", "onestep")
    assert result["config"]["optim"]["groups"]["mlp"]["lr"] == 0.25
    assert result["val"]["mean"] > 60  # it learned something: chance is 50


@pytest.mark.slow
def test_new_basis(folder, train, monkeypatch):
    monkeypatch.setenv("LONGNN_TRUST", "mine")
    (directory,) = train(
        "--config-dir", "conf", "dataset=my_ring", "model.basis._target_=mine.Chebyshev", *SHORT
    )
    result = result_of(directory)
    assert "alpha" not in result["per_run"][0]
    assert result["val"]["mean"] > 60
