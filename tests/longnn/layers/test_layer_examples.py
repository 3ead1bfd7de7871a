"""The examples of layers: those in Equinox equal ours, and the batches of jraph are learned."""

import ast
import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn import layers
from polybases import raw_exponent

FOLDER = Path(__file__).parents[3] / "examples" / "layers"


def example(name: str):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_equinox_layer_is_short_and_needs_polybases_alone():
    tree = ast.parse((FOLDER / "equinox_layers.py").read_text())
    lengths = {
        node.name: node.end_lineno - node.lineno + 1
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    assert set(lengths) == {"ChebConv", "SGConv", "APPNP", "JacobiConv", "LonConv"}
    assert max(lengths.values()) <= 25
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    }
    assert imported == {"equinox", "jax", "polybases"}


def linear_of(eqx, ours):
    made = eqx.eqx.nn.Linear(5, 3, key=jax.random.key(0))
    values = ours.linear.kernel[...].T, ours.linear.bias[...]
    return eqx.eqx.tree_at(lambda m: (m.weight, m.bias), made, values)


def pairs(eqx):
    """Our layer and Equinox's with the same weights, for each name."""
    made = {"dtype": jnp.float64, "rngs": nnx.Rngs(0)}
    cheb = layers.ChebConv(5, 3, order=3, **made)
    theirs = eqx.ChebConv(5, 3, order=3, key=jax.random.key(0))
    yield cheb, eqx.eqx.tree_at(lambda m: m.kernel, theirs, cheb.linear.kernel[...])
    sg = layers.SGConv(5, 3, order=2, **made)
    yield sg, eqx.SGConv(linear_of(eqx, sg), order=2)
    yield layers.APPNP(order=6, alpha=0.2, dtype=jnp.float64), eqx.APPNP(6, 0.2)
    jacobi = layers.JacobiConv(5, 3, order=4, alpha=0.3, beta=-0.4, **made)
    theta = jacobi.filter.coefficients()
    yield jacobi, eqx.JacobiConv(linear_of(eqx, jacobi), theta, 0.3, -0.4)
    lon = layers.LonConv(5, 3, order=4, alpha=0.3, beta=-0.4, **made)
    theirs = eqx.LonConv(5, 3, order=4, key=jax.random.key(0))
    values = (linear_of(eqx, lon), lon.filter.coefficients(), raw_exponent(0.3), raw_exponent(-0.4))
    places = lambda m: (m.linear, m.theta, m.alpha, m.beta)  # noqa: E731
    yield lon, eqx.eqx.tree_at(places, theirs, values)


@pytest.mark.slow
def test_equinox_layers_equal_ours():
    eqx = example("equinox_layers")
    x = jnp.asarray(np.random.default_rng(0).normal(size=(12, 5)))
    for ours, theirs in pairs(eqx):
        expected = ours(eqx.ring, x)
        assert float(jnp.abs(expected).max()) > 0.1
        np.testing.assert_allclose(theirs(eqx.ring, x), expected, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_equinox_example_prints_its_shapes(capsys):
    shapes = example("equinox_layers").main()
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{name}: (12, 5) -> {shape}" for name, shape in shapes.items()]
    assert set(shapes.values()) == {(12, 3), (12, 5)}


@pytest.mark.slow
def test_batches_of_jraph_are_learned_by_one_program(capsys, monkeypatch):
    module, traced = example("jraph_batches"), []
    made = layers.edge_operator
    counted = lambda *edges, **rest: traced.append(1) or made(*edges, **rest)  # noqa: E731
    monkeypatch.setattr(layers, "edge_operator", counted)
    first, last = module.main()
    assert last < 0.15 < first
    assert f"-> {last:.3f}" in capsys.readouterr().out
    assert len(traced) == 1
