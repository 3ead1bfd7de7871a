"""Blocks of layers against dense numpy, their settings, and runs of a batch against single ones."""

import math
from dataclasses import fields

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from longnn.data.splits import Splits
from longnn.models import (
    GAT,
    GCN,
    GPRGNN,
    SAGE,
    ChebNetII,
    GATSep,
    LonGNN,
    OptBasisGNN,
)
from longnn.models.reach import hops_of
from longnn.models.shape import Shape
from longnn.runs.parameters import named
from longnn.training import Optim, fit
from tests.longnn.models.cases import (
    JACOBI,
    MODELS,
    STACKED,
    WEIGHTS,
    predict,
    problem_for,
    randomized,
    weighted,
)
from tests.oracles import attention, dense_adjacency, dense_normalized
from tests.toy import C, F, N, edges, problem, rates, splits

A = dense_adjacency(edges(), N, WEIGHTS)
S = dense_normalized(A)
EIGENVALUES, VECTORS = np.linalg.eigh(S)
X = np.asarray(weighted().features.matrix)
ACTIVATIONS = {
    "relu": lambda a: np.maximum(a, 0),
    "gelu": lambda a: a * np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2)(a),
    "elu": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
    "tanh": np.tanh,
}
JUMPED = {
    "last": lambda several: several[-1],
    "sum": sum,
    "max": lambda several: np.max(several, axis=0),
    "concatenate": np.hstack,
}
value = lambda p: np.asarray(p[...])  # noqa: E731
affine = lambda layer, h: h @ value(layer.kernel) + value(layer.bias)  # noqa: E731


def normed(norm, h, kind):
    """By one loop over the nodes, or over the channels."""
    if kind == "layer":
        out = np.stack([(row - row.mean()) / np.sqrt(row.var() + 1e-5) for row in h])
    else:
        part = value(norm.mean_scale) if kind == "graph" else np.ones(h.shape[1])
        columns = [c - a * c.mean() for c, a in zip(h.T, part, strict=True)]
        out = np.stack([c / np.sqrt((c**2).mean() + 1e-5) for c in columns], 1)
    return out * value(norm.gain) + value(norm.shift)


def dense(module, propagations, propagate, norm="none", norm_position="after", residual="none",
          residual_weight=0.1, input_layer=False, feed_forward=0, activation="relu",
          jumping="last"):  # fmt: skip
    """The formulas of the block in numpy, for any propagation."""
    act, linears, outputs = ACTIVATIONS[activation], list(module.heads), []
    norms = list(module.norms)
    front = norms and norm_position == "before"
    take = lambda h: normed(norms.pop(0), h, norm)  # noqa: E731
    h = affine(module.embedding, X)
    h = initial = act(h) if input_layer else h
    for i, one in enumerate(propagations):
        z = take(h) if front else h
        if feed_forward == 0 and (i or input_layer):
            z = affine(linears.pop(0), z)
        z = propagate(one, z)
        if feed_forward == 1:
            z = affine(linears.pop(0), z)
        if feed_forward == 2:
            z = affine(linears.pop(0), z)
            z = affine(linears.pop(0), act(z))
        z = take(z) if norms and not front else z
        z = z if feed_forward == 2 else act(z)
        if residual == "initial":
            z = (1 - residual_weight) * z + residual_weight * initial
        elif residual == "residual" and (i or input_layer):
            z = z + h
        h = z
        outputs.append(h)
    h = JUMPED[jumping](outputs)
    (last,) = linears
    return affine(last, take(h) if front else h)


def filtered(one, h):
    """V g(Lambda) V^T h with the response that tests/longnn/models/test_responses.py checks."""
    gain = np.asarray(one.response(jnp.asarray(EIGENVALUES)))
    return VECTORS @ (gain * (VECTORS.T @ h))


FIELDS = [field.name for field in fields(Shape)]
SHAPES = [
    {},
    {"layers": 1, "jumping": "sum"},
    {"layers": 15, "residual": "residual", "norm": "layer"},
    {"norm": "layer", "jumping": "max"},
    {"norm": "batch", "norm_position": "before"},
    {"norm": "graph", "norm_position": "before", "jumping": "concatenate", "input_layer": True},
    {"norm": "batch", "residual": "residual", "activation": "gelu"},
    {"norm": "graph", "residual": "initial", "residual_weight": 0.3, "input_layer": True},
    {"feed_forward": 1, "input_layer": True, "activation": "tanh", "norm": "batch"},
    {"feed_forward": 2, "input_layer": True, "activation": "gelu", "norm": "layer",
     "norm_position": "before", "residual": "residual"},
    {"feed_forward": 2, "input_layer": True, "activation": "elu", "norm": "graph",
     "residual": "initial", "jumping": "sum"},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: " ".join(map(str, shape.values())))
def test_equals_the_dense_formulas(shape):
    module = randomized("longnn stacked", **shape)
    assert len(module.filters) == shape.get("layers", 2)
    formulas = {name: v for name, v in shape.items() if name != "layers"}
    got = predict(module, weighted())
    expected = dense(module, module.filters, filtered, **formulas)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8)
    looks = None if shape.get("norm") in ("batch", "graph") else 4 * len(module.filters)
    assert hops_of(module) == looks


def attended(one, h):
    h = h if one.linear is None else affine(one.linear, h)
    by_heads = h.reshape(N, *one.sender.shape)
    out = attention(by_heads, value(one.sender), value(one.receiver), S != 0).reshape(N, -1)
    return np.hstack([h, out]) if one.own else out


MEAN = A / np.maximum(A.sum(1, keepdims=True), 1e-300)
LAYERED = {
    "sage": lambda _, h: np.hstack([h, MEAN @ h]),
    "gat_sep": attended,
    "gcn stacked": lambda _, h: S @ h,
    "gat stacked": attended,
}


@pytest.mark.parametrize("name", LAYERED)
def test_layers_equal_the_dense_formulas(name):
    module = randomized(name)
    settings = {n: v for n, v in MODELS[name][1].items() if n in FIELDS}
    formulas = settings if "stacked" in name else {"input_layer": True, "feed_forward": 1}
    expected = dense(module, module.propagations, LAYERED[name], **formulas)
    got = predict(module, problem_for(name))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    assert hops_of(module) == 2


def test_plain_blocks_keep_their_parameters_and_are_blocks():
    """One layer's output is the last one and the greatest, by either way of computing it."""
    plain = randomized("longnn stacked", layers=1, norm="layer", dropout=0.4, filter_dropout=0.2)
    other = randomized(
        "longnn stacked", layers=1, norm="layer", dropout=0.4, filter_dropout=0.2, jumping="max"
    )
    key = jax.random.key(5)
    dropped = predict(plain, weighted(), key)
    np.testing.assert_allclose(predict(other, weighted(), key), dropped, rtol=1e-12)
    assert np.abs(dropped - predict(plain, weighted())).max() > 0.01
    assert set(named(nnx.state(plain, nnx.Param))) == {
        *(f"embedding.{name}" for name in ("kernel", "bias")),
        *(f"heads.0.{name}" for name in ("kernel", "bias")),
        *(f"norms.0.{name}" for name in ("gain", "shift")),
        *(f"filters.0.basis.raw_{name}" for name in ("alpha", "beta")),
        *(f"filters.0.coefficients.{name}" for name in ("eta", "w")),
    }


def test_layer_norm_is_another_name_of_a_norm():
    old, new = (
        randomized("longnn stacked", **s) for s in ({"layer_norm": True}, {"norm": "layer"})
    )
    np.testing.assert_array_equal(predict(old, weighted()), predict(new, weighted()))


def test_filters_of_one_basis():
    module = randomized("longnn stacked", shared_basis=True, layers=3)
    bases = [name for name in named(nnx.state(module, nnx.Param)) if "basis" in name]
    assert bases == ["filters.0.basis.raw_alpha", "filters.0.basis.raw_beta"]
    again = nnx.merge(*nnx.split(module))
    assert len({float(one.basis.alpha) for one in again.filters}) == 1
    assert set(again.scalars()) == {"alpha", "beta"}
    assert len(randomized("longnn stacked", layers=3).scalars()) == 6
    np.testing.assert_allclose(
        predict(module, weighted()), dense(module, module.filters, filtered), rtol=1e-8, atol=1e-8
    )
    fixed = {"placement": "stacked", "layers": 2, "rngs": nnx.Rngs(0)}
    assert ChebNetII(F, C, shared_basis=True, **fixed).theta().shape == (11, 2)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["batch", "graph"])
def test_a_run_in_a_batch_equals_the_run_alone(norm):
    """Norms over the nodes count for each run apart, dropout included."""
    settings = JACOBI | STACKED | {"norm": norm, "residual": "residual", "filter_dropout": 0.2}
    made = {"classes": C, "optim": Optim(rates(), max_epochs=8), "settings": settings, "chunk": 8}
    parts = splits(2)
    several = fit(LonGNN, problem(), parts, seeds=[3, 4], **made)
    assert len(several.outputs) == 4
    assert len({output.tobytes() for output in several.outputs}) == 4
    first = Splits("toy", parts.part[:1])  # random numbers depend on the number of a split
    (alone,) = fit(LonGNN, problem(), first, seeds=[4], **made).outputs
    np.testing.assert_allclose(several.outputs[2], alone, rtol=1e-9, atol=1e-9)


IN_BLOCK = {"placement": "stacked"}
BAD = [  # model, settings, what the message names
    (LonGNN, IN_BLOCK | {"norm": "instance"}, "unknown norm 'instance'; choose one of none, layer"),
    (LonGNN, IN_BLOCK | {"norm_position": "inside"}, "unknown norm_position 'inside'"),
    (LonGNN, IN_BLOCK | {"residual": "dense"}, "unknown residual 'dense'"),
    (LonGNN, IN_BLOCK | {"activation": "selu"}, "unknown activation 'selu'"),
    (LonGNN, IN_BLOCK | {"jumping": "lstm"}, "unknown jumping 'lstm'"),
    (LonGNN, IN_BLOCK | {"feed_forward": 3}, "unknown feed_forward 3; choose one of 0, 1, 2"),
    (LonGNN, IN_BLOCK | {"feed_forward": 2}, "set input_layer=True"),
    (LonGNN, IN_BLOCK | {"residual": "initial"}, "set input_layer=True"),
    (LonGNN, IN_BLOCK | {"residual_weight": 1.5}, r"residual_weight must lie in \[0, 1\], got 1.5"),
    (LonGNN, IN_BLOCK | {"layer_norm": True, "norm": "batch"}, "are two norms; leave layer_norm"),
    (LonGNN, {"norm": "batch"}, "norm='batch' describes the block of placement='stacked', got "),
    (GPRGNN, {"placement": "inside", "jumping": "max"}, "or leave jumping out"),
    (OptBasisGNN, IN_BLOCK | {"shared_basis": True}, "a Lanczos is none; leave shared_basis out"),
    (GCN, {"norm": "batch"}, "norm='batch' describes the block .* got placement='layers'"),
    (GCN, {"filter_dropout": 0.1}, "GCN has none with placement='layers'"),
    (GCN, {"placement": "after"}, "unknown placement 'after'; choose one of layers, stacked"),
    (GCN, IN_BLOCK | {"shared_basis": True}, "a Smoothing is none; leave shared_basis out"),
    (SAGE, {"placement": "layers"}, "SAGE is a block always; set placement='stacked'"),
    (SAGE, {"feed_forward": 0}, "makes 2 times as many channels .* set feed_forward=1 or 2"),
    (GAT, IN_BLOCK | {"hidden": 20}, "hidden must be a multiple of heads=8, got 20"),
    (GATSep, {"heads": 0}, "heads must be an integer >= 1"),
]


@pytest.mark.parametrize(("model", "settings", "message"), BAD)
def test_bad_setting(model, settings, message):
    with pytest.raises(ValueError, match=message):
        model(F, C, rngs=nnx.Rngs(0), **settings)
