"""Bases far from the fixed one: the bound on what they add, and the nearer basis that is taken."""

import jax
import numpy as np
import pytest
from scipy.special import eval_jacobi, roots_jacobi

import longnn
from longnn.training.minibatch.anchor import (
    TOLERANCE,
    anchored,
    bases_of,
    condition_numbers,
    jacobi_basis,
)
from tests.longnn.training.minibatch_cases import (
    OFF,
    distance,
    full_gradients,
    mean_gradients,
    small,
    summed_gradients,
    trainer_of,
)

FAR = 7.0, -0.9


@pytest.fixture(scope="module")
def high(tmp_path_factory):
    """Terms of order 32 in a basis that is far from that of Legendre, where models begin."""
    return small(tmp_path_factory.mktemp("high"), order=32, exponents=FAR)


def test_condition_numbers_are_those_of_the_matrix_by_quadrature():
    """C_kj = integral of p_k q_j (1-x)^a (1+x)^b, by scipy's polynomials and nodes."""
    order, (a, b) = 6, (0.5, -0.3)
    nodes, weights = roots_jacobi(40, a, b)

    def values(alpha, beta):
        at = lambda x: np.stack([eval_jacobi(k, alpha, beta, x) for k in range(order + 1)])  # noqa: E731
        own, own_weights = roots_jacobi(40, alpha, beta)
        return at(nodes) / np.sqrt((at(own) ** 2 * own_weights).sum(1))[:, None]

    matrices = []
    for alpha, beta in ((0.5, -0.3), (2.0, 0.1)):
        matrix = (values(alpha, beta) * weights) @ values(a, b).T
        matrices.append(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    mine = [jacobi_basis(order, *e) for e in ((0.5, -0.3), (2.0, 0.1))]
    leaves = tuple(np.stack(pair) for pair in zip(*(basis[:4] for basis in mine), strict=True))
    found = condition_numbers(leaves, jacobi_basis(order, a, b))
    np.testing.assert_allclose(found, np.linalg.cond(matrices), rtol=1e-9)
    assert found[0] == pytest.approx(1)
    assert found[1] > 5
    spoiled = (leaves[0], leaves[1] * [[1.0], [np.nan]], *leaves[2:])
    assert np.isnan(condition_numbers(spoiled, jacobi_basis(order, a, b))).tolist() == [False, True]


def test_terms_in_another_basis_are_those_propagated_in_it(high, tmp_path):
    there = small(tmp_path, order=32, exponents=(3.0, -0.2))
    nodes = np.array([3, 80, 5])
    found = anchored(high.terms, (3.0, -0.2), np.dtype(np.float64)).take(nodes)
    wanted = there.terms.take(nodes)
    np.testing.assert_allclose(found, wanted, atol=1e-8 * np.abs(wanted).max())


@pytest.mark.slow
def test_re_anchored_gradients_in_float32(high):
    """As near to float64 as the full batch within twice; without, they are not."""
    optim = longnn.Optim(max_epochs=1, transformation=summed_gradients())
    options = {"batch_nodes": 30, "dtype": "float32"}
    exact_at = trainer_of(high, "longnn", OFF, optim, batch_nodes=30)
    exact = full_gradients(high, exact_at, "float64")
    size = np.sqrt(sum((a**2).sum() for a in exact))
    near, far = (
        trainer_of(high, "longnn", OFF, optim, tolerance=t, **options)
        for t in (TOLERANCE["float32"], np.inf)
    )
    full = distance(full_gradients(high, near, "float32"), exact)
    errors = [distance(mean_gradients(t), exact) for t in (near, far)]
    assert errors[0] <= 2 * full + 1e-7 * size
    assert errors[1] > 10 * errors[0]
    assert far.anchor is None
    assert near.anchor == pytest.approx((0.0, 0.0), abs=1e-5)
    bounds = [float(t.curves["drift"][0][0]) for t in (near, far)]
    assert bounds[0] < 1e-6 < TOLERANCE["float32"] < bounds[1]
    np.testing.assert_allclose(near.curves["drift_disk"][0] * 2**29, far.curves["drift"][0])


@pytest.mark.slow
def test_re_anchoring_while_training_changes_nothing_but_rounding(high):
    """In float64, with exponents that move fast: terms are changed more than once."""
    rates = {g: {"lr": 0.05, "weight_decay": 0.0} for g in longnn.training.DEFAULT_RATES}
    rates["basis"] = {"lr": 0.6, "weight_decay": 0.0}
    shared = {"classes": 2, "dtype": "float64", "batch_nodes": 20, "settings": OFF,
              "optim": longnn.Optim(rates, max_epochs=8)}  # fmt: skip
    labels = high.data.labels
    fixed, moved = (
        longnn.fit_stored("longnn", high.terms, labels, high.splits, tolerance=t, **shared)
        for t in (1e300, 1e-15)
    )
    assert fixed.anchor is None
    assert moved.anchor is not None
    for name in ("loss", "val_loss", "alpha", "beta"):
        np.testing.assert_allclose(moved.curves[name], fixed.curves[name], atol=1e-8, err_msg=name)
    assert (moved.curves["drift"] < fixed.curves["drift"]).any()
    np.testing.assert_allclose(moved.predict([3]).outputs, fixed.predict([3]).outputs, atol=1e-8)


@pytest.mark.slow
def test_bases_that_are_no_jacobi_bases_are_kept(high):
    optim = longnn.Optim(max_epochs=1, transformation=summed_gradients())
    trainer = trainer_of(high, "gprgnn", OFF, optim, batch_nodes=90, tolerance=1e-12)
    trainer.train(lambda _: None)
    assert trainer.anchor is None
    assert trainer.curves["drift"][0][0] > 1e-12
    bases = bases_of(trainer.work.batch.program, trainer.state.params, trainer.members.settings)
    assert bases.alpha is None
    assert jax.tree.leaves(bases.leaves)[1].shape == (2, 32)
