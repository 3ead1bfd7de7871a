"""LON-GNN in PyTorch in the usual style: messages along an edge list, dense features, autograd.

Messages are gathered, weighted and summed by ``scatter_add_`` as PyTorch Geometric's
``MessagePassing`` does it; all K+1 terms are kept for the backward pass, which also goes through
the recurrence of the basis; dropout and features are dense; plain Adam. Also what both peers use.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

SHARPNESS, FLOOR = 10.0, 1e-3
"""Of the map from a raw parameter to an exponent, softplus(s (raw + 1 - f)) / s + f - 1."""


class ReferencePeer:
    """One model and its training on one graph; arguments as of ``best.BestPeer``."""

    fused: bool | None = None  # Adam's own choice

    def __init__(
        self,
        adjacency: sparse.sparray,
        features: sparse.sparray,
        labels: np.ndarray,
        classes: int,
        settings: Mapping[str, Any],
        rates: Mapping[str, Mapping[str, float]],
        seed: int = 0,
    ) -> None:
        self._place(normalized(sparse.csr_array(adjacency)), sparse.csr_array(features))
        self.inputs = features.shape[1]
        self.labels = torch.tensor(labels, dtype=torch.int64)
        self.classes, self.settings, self.rates = classes, settings, rates
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Initial values from ``seed``, and a new optimizer."""
        torch.manual_seed(seed)
        self.model = LonGNN(self.inputs, self.classes, **self.settings)
        groups = [{"params": p, **self.rates[name]} for name, p in self.model.groups().items()]
        self.optimizer = torch.optim.Adam(groups, fused=self.fused)

    def use_split(self, train: np.ndarray, val: np.ndarray) -> None:
        """Makes the masks [N] bool the current split."""
        self.train, self.val = torch.tensor(train), torch.tensor(val)

    def step(self) -> float:
        """One update; returns the loss before it, dropout on."""
        loss = self._backward()
        self.optimizer.step()
        return loss

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        """(loss on the training nodes, accuracy on the validation nodes), dropout off."""
        logits = self._forward(training=False)
        guess = logits[self.val].argmax(1)
        accuracy = (guess == self.labels[self.val]).float().mean()
        return self._loss(logits).item(), accuracy.item()

    @torch.no_grad()
    def logits(self) -> np.ndarray:
        """Log-probabilities [N, C], dropout off."""
        return self._forward(training=False).cpu().numpy()

    def run(
        self, splits: Iterable[tuple[np.ndarray, np.ndarray]], epochs: int, seed: int = 0
    ) -> list[dict[str, Any]]:
        """See :func:`run`."""
        return run(self, splits, epochs, seed)

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of all parameters."""
        return copy.deepcopy(self.model.state_dict())

    def restore(self, snapshot: dict[str, Tensor]) -> None:
        """Takes back a copy."""
        self.model.load_state_dict(snapshot)

    @torch.no_grad()
    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Takes W1 [F, H], c1, W2 [H, C], c2, w [K+1, C], eta [K], raw_alpha, raw_beta."""
        for name, parameter in self.model.named().items():
            oriented(name, parameter).copy_(torch.tensor(parameters[name]))

    def gradients(self) -> dict[str, np.ndarray]:
        """Of the loss on the current split, named as in ``load``."""
        self._backward()
        named = self.model.named().items()
        return {name: oriented(name, p.grad).cpu().numpy().copy() for name, p in named}

    def _backward(self) -> float:
        self.optimizer.zero_grad()
        loss = self._loss(self._forward(training=True))
        loss.backward()
        return loss.item()

    def _place(self, S: sparse.csr_array, features: sparse.csr_array) -> None:
        """Keeps S [N, N] and X [N, F] as the forward pass takes them."""
        edges = sparse.coo_array(S)
        self.edges = torch.tensor(np.stack([edges.col, edges.row]), dtype=torch.int64)
        self.weights = torch.tensor(edges.data, dtype=torch.float32)
        self.features = torch.tensor(features.toarray(), dtype=torch.float32)

    def _forward(self, training: bool) -> Tensor:
        return self.model.train(training)(self.features, self.edges, self.weights)

    def _loss(self, logits: Tensor) -> Tensor:
        return functional.nll_loss(logits[self.train], self.labels[self.train])


class LonGNN(nn.Module):
    """Z_c = sum_k theta_kc p_k(S) H_c with orthonormal Jacobi p_k; arguments as the settings."""

    def __init__(
        self,
        inputs: int,
        classes: int,
        order: int,
        hidden: int,
        alpha: float,
        beta: float,
        gamma0: float,
        dropout: float,
        filter_dropout: float,
    ) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, classes)
        self.eta = nn.Parameter(torch.full((order,), min(1 / gamma0, 1.0)))
        self.w = nn.Parameter(torch.ones(order + 1, classes))
        raw = torch.tensor(raw_exponents(alpha, beta), dtype=torch.float32)
        self.raw_alpha, self.raw_beta = nn.Parameter(raw[0].clone()), nn.Parameter(raw[1].clone())
        self.gamma0, self.dropout, self.filter_dropout = gamma0, dropout, filter_dropout

    def forward(self, x: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
        """X [N, F], edges [2, 2E] (from, to), weights [2E] -> log-probabilities [N, C]."""
        h = functional.relu(self.first(self._drop(x, self.dropout)))
        h = self._drop(self.second(self._drop(h, self.dropout)), self.filter_dropout)
        terms = torch.stack(self._terms(h, edges, weights), 1)
        factors = torch.cumprod(self.gamma0 * torch.tanh(self.eta), 0)
        theta = self.w * torch.cat([torch.ones(1), factors])[:, None]
        return torch.log_softmax((terms * theta).sum(1), 1)

    def _drop(self, x: Tensor, rate: float) -> Tensor:
        return functional.dropout(x, rate, self.training)

    def _terms(self, x: Tensor, edges: Tensor, weights: Tensor) -> list[Tensor]:
        """p_k(S) x [N, C] for k = 0 .. K."""
        first, diagonal, off = jacobi(
            len(self.eta), exponent(self.raw_alpha), exponent(self.raw_beta)
        )
        terms = [first * x]
        for k in range(len(self.eta)):
            following = propagate(terms[k], edges, weights) - diagonal[k] * terms[k]
            if k > 0:
                following = following - off[k - 1] * terms[k - 1]
            terms.append(following / off[k])
        return terms

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Parameters of each optimizer group."""
        mlp = [*self.first.parameters(), *self.second.parameters()]
        basis = [self.raw_alpha, self.raw_beta]
        return {"mlp": mlp, "decomposition": [self.eta], "coefficients": [self.w], "basis": basis}

    def named(self) -> dict[str, nn.Parameter]:
        """Parameters by the names of ``ReferencePeer.load``; see :func:`oriented`."""
        named = {"W1": self.first.weight, "c1": self.first.bias, "W2": self.second.weight}
        named |= {"c2": self.second.bias, "w": self.w, "eta": self.eta}
        return named | {"raw_alpha": self.raw_alpha, "raw_beta": self.raw_beta}


def oriented(name: str, value: Tensor) -> Tensor:
    """A parameter or gradient in the shape of ``ReferencePeer.load``: Linear stores W1^T, W2^T."""
    return value.T if name in ("W1", "W2") else value


def propagate(x: Tensor, edges: Tensor, weights: Tensor) -> Tensor:
    """S x [N, C]: gather, multiply, scatter."""
    source, target = edges
    messages = weights[:, None] * x.index_select(0, source)
    index = target[:, None].expand_as(messages)
    return x.new_zeros(x.shape).scatter_add_(0, index, messages)


def exponent(raw: Tensor) -> Tensor:
    """R -> (-1, inf)."""
    return functional.softplus(SHARPNESS * (raw + (1 - FLOOR))) / SHARPNESS + (FLOOR - 1)


def raw_exponents(*exponents: float) -> np.ndarray:
    """Inverse of :func:`exponent`."""
    excess = np.maximum(np.array(exponents) + (1 - FLOOR), 1e-6)
    return excess + np.log(-np.expm1(-SHARPNESS * excess)) / SHARPNESS + (FLOOR - 1)


def jacobi(order: int, alpha: Tensor, beta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """p_0 and the symmetric recurrence [K] of the orthonormal polynomials (DLMF 18.9.2)."""
    p, q, k = 1 + alpha, 1 + beta, torch.arange(1, order)
    t = p + q
    tail = (q - p) * (t - 2) / ((2 * k - 2 + t) * (2 * k + t))
    diagonal = torch.cat([((q - p) / t)[None], tail])
    k = k + 1
    tail = 4 * k * (k - 1 + p) * (k - 1 + q) * (k - 2 + t)
    tail = tail / ((2 * k - 2 + t) ** 2 * (2 * k - 1 + t) * (2 * k - 3 + t))
    squared = torch.cat([(4 * p * q / (t**2 * (t + 1)))[None], tail])
    log_mass = (t - 1) * np.log(2) + torch.lgamma(p) + torch.lgamma(q) - torch.lgamma(t)
    return torch.exp(-log_mass / 2), diagonal, squared.sqrt()


def normalized(adjacency: sparse.csr_array) -> sparse.csr_array:
    """S = D^-1/2 A D^-1/2 of an unweighted graph."""
    degree = np.diff(adjacency.indptr)
    scale = np.where(degree > 0, np.maximum(degree, 1) ** -0.5, 0)
    values = np.repeat(scale, degree) * scale[adjacency.indices]
    return sparse.csr_array((values, adjacency.indices, adjacency.indptr), shape=adjacency.shape)


def run(
    peer: Any, splits: Iterable[tuple[np.ndarray, np.ndarray]], epochs: int, seed: int
) -> list[dict[str, Any]]:
    """Trains each split from new initial values, and goes back to its best epoch.

    Args:
        peer: one of the two.
        splits: (train, val) masks [N] bool.
        epochs: of each split.
        seed: of the first split; the others count on.

    Returns:
        For each split: losses [epochs] after each update, dropout off; the best validation
        accuracy, its last epoch and the log-probabilities [N, C] there.
    """
    results = []
    for number, split in enumerate(splits):
        peer.use_split(*split)
        peer.reset(seed + number)
        best, best_epoch, kept, losses = -1.0, 0, None, []
        for epoch in range(1, epochs + 1):
            peer.step()
            loss, score = peer.evaluate()
            losses.append(loss)
            if score >= best:
                best, best_epoch, kept = score, epoch, peer.snapshot()
        peer.restore(kept)
        results.append(
            {"losses": losses, "val": best, "epoch": best_epoch, "logits": peer.logits()}
        )
    return results
