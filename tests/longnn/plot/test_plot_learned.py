"""Figures of what was learned: bases, and responses of whatever has one."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import longnn
from longnn import plot
from longnn.models import LonGNN
from tests.longnn.models.cases import build, randomized

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_learned_basis_of_channels_and_without_weight():
    (axes,) = plot.learned_basis(randomized("favardgnn", dtype=jnp.float32)).axes
    (first, *_) = axes.lines
    np.testing.assert_allclose(first.get_ydata(), 1, rtol=1e-6)  # p_0 = 1
    assert axes.get_title() == "basis of FavardGNN"
    top, _ = plot.learned_basis(build("jacobiconv")).axes
    assert top.get_title() == "basis of JacobiConv, alpha = 0.30, beta = -0.40"
    assert len(plot.learned_basis(build("jacobiconv as published")).axes) == 1  # under no weight
    with pytest.raises(ValueError, match="MLP has no filter in a basis"):
        plot.learned_basis(build("mlp"))


@pytest.mark.slow
def test_response_of_a_fit_stands_above_the_graph_it_was_trained_on():
    data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
    splits = longnn.data.splits.stratified(data, count=2)
    run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=2))
    figure = plot.response(run)
    top, bottom = figure.axes
    assert figure.get_suptitle().startswith(
        "Learned filter of LonGNN on csbm,\nmedian and quartiles of 2"
    )
    np.testing.assert_allclose(
        top.lines[1].get_ydata(), np.median(run.response(np.linspace(0, 2, 401)), axis=0)[:, 1]
    )
    share = longnn.analysis.spectral_density(data.graph).share
    np.testing.assert_allclose(bottom.patches[0].get_data().values, 100 * share)
    assert plot.response(run, title="mine").get_suptitle() == "mine"


def trained(model, count, **settings):
    """One epoch, on a graph of 60 nodes."""
    data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
    splits = longnn.data.splits.stratified(data, count=count)
    return longnn.fit(model, data, splits, optim=longnn.Optim(max_epochs=1), settings=settings)


@pytest.mark.parametrize("name", ["SGC", "SSGC", "APPNP"])
def test_a_filter_without_parameters_is_not_called_learned(name):
    title = plot.response(trained(name.lower(), 2)).get_suptitle()
    assert title == f"Filter of {name} on csbm (fixed)"


def test_a_filter_that_is_learned_is_called_so_also_of_one_run():
    title = plot.response(trained("gprgnn", 1)).get_suptitle()
    assert title == "Learned filter of GPRGNN on csbm,\none run (stratified)"


def test_response_of_a_module_and_of_anything_that_has_one():
    model, lam = LonGNN(8, 3, order=4, rngs=nnx.Rngs(0)), np.linspace(0, 2, 5)

    class Two:
        def response(self, lam):
            return np.stack([np.stack([lam, 2 * lam], 1)] * 3)

    (axes,) = plot.response(model, lam=lam).axes
    expected = np.asarray(model.response(jnp.asarray(1 - lam, jnp.float32)))
    np.testing.assert_allclose([line.get_ydata() for line in axes.lines[:3]], expected.T)
    (axes,) = plot.response(Two(), lam=lam).axes
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 2 * lam)
    assert axes.get_legend().get_texts()[0].get_text() == "channel 0"
