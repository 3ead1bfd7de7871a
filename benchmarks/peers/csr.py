"""LON-GNN in PyTorch as a good user writes it: CSR products, a fused adjoint, autograd elsewhere.

Graph and features are CSR matrices (MKL), dropout acts on the non-zeros of X only, the filter
stores no terms (its backward pass is one more sweep), the derivative in the basis goes through its
small connection matrix, Adam is fused. ``best`` is the same without autograd, tuned by hand.
"""

import warnings
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from benchmarks.peers.reference import ReferencePeer, exponent, jacobi


class CsrPeer(ReferencePeer):
    """One model and its training on one graph; arguments as of ``best.BestPeer``."""

    fused = True

    def _place(self, S: sparse.csr_array, features: sparse.csr_array) -> None:
        features.sort_indices()
        parts = (np.arange(features.nnz), features.indices, features.indptr)
        columns = sparse.csr_array(parts, features.shape).T.tocsr()
        self.S, self.X, self.transposed = as_csr(S), as_csr(features), as_csr(columns)
        self.order = torch.tensor(columns.data)  # of the values of X in its transpose

    def _forward(self, training: bool) -> Tensor:
        model = self.model.train(training)
        h = torch.relu(self._first(training) + model.first.bias)
        h = model._drop(model.second(model._drop(h, model.dropout)), model.filter_dropout)
        factors = torch.cumprod(model.gamma0 * torch.tanh(model.eta), 0)
        theta = model.w * torch.cat([torch.ones(1), factors])[:, None]
        basis = jacobi(len(model.eta), exponent(model.raw_alpha), exponent(model.raw_beta))
        anchor = tuple(leaf.detach() for leaf in basis)
        if training:
            matrix = connection(basis, anchor)
            theta = theta + (matrix - matrix.detach()).T @ theta
        return torch.log_softmax(_Filter.apply(self.S, theta, h, *anchor), 1)

    def _first(self, training: bool) -> Tensor:
        """X W of the first layer."""
        return _Features.apply(*self._dropped(training), self.model.first.weight.T)

    def _dropped(self, training: bool) -> tuple[Tensor, Tensor]:
        values = functional.dropout(self.X.values(), self.model.dropout, training)
        back = values[self.order] if training else self.transposed.values()
        return _with_values(self.X, values), _with_values(self.transposed, back)


class DensePeer(CsrPeer):
    """The same with dense features."""

    def _place(self, S: sparse.csr_array, features: sparse.csr_array) -> None:
        self.S, self.X = as_csr(S), torch.tensor(features.toarray(), dtype=torch.float32)

    def _first(self, training: bool) -> Tensor:
        dropped = functional.dropout(self.X, self.model.dropout, training)
        return dropped @ self.model.first.weight.T


class _Features(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, transposed: Tensor, weight: Tensor) -> Tensor:
        ctx.transposed = transposed
        return torch.sparse.mm(x, weight)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[None, None, Tensor]:
        return None, None, torch.sparse.mm(ctx.transposed, g)


class _Filter(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, S: Tensor, theta: Tensor, x: Tensor, *basis: Tensor) -> Tensor:
        ctx.S = S
        ctx.save_for_backward(theta, x, *basis)
        return sum(weight * term for weight, term in zip(theta, terms(S, x, *basis)))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        theta, x, *basis = ctx.saved_tensors
        dx, dtheta = torch.zeros_like(x), []
        for weight, term in zip(theta, terms(ctx.S, g, *basis)):
            dx += weight * term
            dtheta.append((x * term).sum(0))
        return None, torch.stack(dtheta), dx, None, None, None


def terms(S: Tensor, x: Tensor, first: Tensor, diagonal: Tensor, off: Tensor) -> Any:
    """p_k(S) x for k = 0 .. K, one after the other."""
    previous, current = None, first * x
    yield current
    for k in range(len(off)):
        following = torch.sparse.mm(S, current) - diagonal[k] * current
        if k:
            following -= off[k - 1] * previous
        previous, current = current, following / off[k]
        yield current


def connection(basis: tuple[Tensor, ...], anchor: tuple[Tensor, ...]) -> Tensor:
    """[K+1, K+1] coefficients of the basis in its anchor, row by row of the recurrence."""
    (first, diagonal, off), (a_first, a_diagonal, a_off) = basis, anchor
    zero = torch.zeros(1)
    row = torch.zeros(len(off) + 1)
    row[0] = 1 / a_first
    rows = [first * row]
    for k in range(len(off)):
        c = rows[-1]
        by_x = torch.cat([zero, a_off * c[:-1]]) + torch.cat([a_off * c[1:], zero])
        following = by_x + torch.cat([a_diagonal * c[:-1], zero]) - diagonal[k] * c
        if k:
            following = following - off[k - 1] * rows[-2]
        rows.append(following / off[k])
    return torch.stack(rows)


def as_csr(matrix: sparse.csr_array) -> Tensor:
    """A float32 CSR tensor with 32-bit indices, as MKL takes it, on the default device."""
    parts = (matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "CSR is in beta state"
        return torch.sparse_csr_tensor(
            *map(torch.tensor, parts),
            torch.tensor(matrix.data, dtype=torch.float32),
            matrix.shape,
        )


def _with_values(matrix: Tensor, values: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sparse_csr_tensor(
            matrix.crow_indices(), matrix.col_indices(), values.detach(), matrix.shape
        )
