"""LON-GNN in PyTorch on the CPU, as fast as we can write it: no autograd, no stored terms.

MKL products of int32 CSR matrices into buffers that are kept; nodes sorted by degree; columns
padded to a multiple of 4; the bias as the weight of a constant feature; dropout from 16 random
bits for each entry, of X on its non-zeros; the filter in Chebyshev polynomials, one MKL call for
each T_{k+1} = 2 S T_k - T_{k-1}; the basis through a small matrix in numpy; fused Adam.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from benchmarks.peers.coefficients import Coefficients
from benchmarks.peers.reference import normalized, raw_exponents, run

ROWS = 16
"""Rows of a narrow matrix that are taken as one for elementwise work."""

GROUPS = {
    "mlp": ("W1", "W2", "c2"),
    "decomposition": ("eta",),
    "coefficients": ("w",),
    "basis": ("raw",),
}
"""Parameters of each optimizer group; they lie one after the other in one flat tensor."""


class BestPeer:
    """One model and its training on one graph.

    Args:
        adjacency: [N, N] symmetric pattern.
        features: [N, F].
        labels: [N] int; anything outside the masks.
        classes: C.
        settings: order K >= 1, hidden, alpha, beta, gamma0, dropout, filter_dropout.
        rates: lr and weight_decay (coupled L2) of each of mlp, decomposition, coefficients, basis.
        seed: of initial values and dropout.
    """

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
        # by degree: most reads then fall on few nodes, which stay in the nearest cache
        self.nodes = np.argsort(-np.diff(sparse.csr_array(adjacency).indptr), kind="stable")
        adjacency = sparse.csr_array(adjacency)[self.nodes][:, self.nodes]
        features = sparse.csr_array(features)[self.nodes]
        # isolated nodes at the end, so that narrow matrices can be read as wide ones
        size = -(-len(self.nodes) // ROWS) * ROWS
        adjacency.resize(size, size)
        features.resize(size, features.shape[1])
        self.S, self.X = _csr(normalized(adjacency)), _Features(features, settings["dropout"])
        self.labels = torch.from_numpy(np.asarray(labels, np.int64)[self.nodes])
        self.classes, self.settings, self.rates = classes, settings, rates
        self._allocate(size, features.shape[1] + 1, settings["hidden"])
        self.reset(seed)

    def _allocate(self, nodes: int, inputs: int, hidden: int) -> None:
        order, width = self.settings["order"], -(-self.classes // 4) * 4
        shapes = {"W1": (inputs, hidden), "W2": (width, hidden), "c2": (width,), "eta": (order,)}
        shapes |= {"w": (order + 1, width), "raw": (2,)}
        self.flat, self.p = _packed(shapes)
        self.flat_gradient, self.dp = _packed(shapes)
        self.moving, self.count = torch.zeros(2, len(self.flat)), torch.zeros(())
        sizes = [sum(self.p[name].numel() for name in names) for names in GROUPS.values()]
        buffers = (self.flat, self.flat_gradient, *self.moving)
        pieces = zip(*(buffer.split(sizes) for buffer in buffers))
        self.groups = [(piece, self.rates[name]) for name, piece in zip(GROUPS, pieces)]
        self.coefficients = Coefficients(self.settings["gamma0"], self.p, self.dp)
        self.h, self.dh = torch.zeros(nodes, hidden), torch.zeros(nodes, hidden)
        self.keep_h = _Keep((nodes, hidden), self.settings["dropout"])
        self.keep_x = _Keep((nodes, width), self.settings["filter_dropout"])
        narrow = [torch.zeros(nodes, width) for _ in range(6)]
        self.x, self.z, self.dz, self.scratch, *self.work = narrow
        self.moments = torch.zeros(order + 1, ROWS * width)

    def reset(self, seed: int) -> None:
        """Initial values from ``seed``, and a new optimizer."""
        torch.manual_seed(seed)
        c, settings = self.classes, self.settings
        self.flat.zero_()
        self.p["W1"].uniform_(-1, 1).mul_((len(self.p["W1"]) - 1) ** -0.5)
        for part in (self.p["W2"][:c], self.p["c2"][:c]):
            part.uniform_(-1, 1).mul_(settings["hidden"] ** -0.5)
        self.p["eta"].fill_(min(1 / settings["gamma0"], 1))
        self.p["w"][:, :c] = 1
        self.p["raw"].copy_(torch.tensor(raw_exponents(settings["alpha"], settings["beta"])))
        self.count.zero_()
        self.moving.zero_()
        self.coefficients.update()

    def _adam(self) -> None:
        """What ``torch.optim.Adam(fused=True)`` calls; its own overhead is as long as this."""
        self.count += 1
        for piece, rate in self.groups:
            torch._fused_adam_(
                *([part] for part in piece), [], [self.count], lr=rate["lr"],
                weight_decay=rate["weight_decay"], beta1=0.9, beta2=0.999, eps=1e-8,
                amsgrad=False, maximize=False,
            )  # fmt: skip

    def use_split(self, train: np.ndarray, val: np.ndarray) -> None:
        """Makes the masks [N] bool the current split."""
        self.train, self.val = (
            torch.from_numpy(m[self.nodes]).nonzero()[:, 0] for m in (train, val)
        )
        self.train_labels, self.val_labels = self.labels[self.train], self.labels[self.val]
        self.one_hot = torch.nn.functional.one_hot(self.train_labels, self.classes).T.float()
        self.dz.zero_()

    @torch.inference_mode()
    def step(self) -> float:
        """One update; returns the loss before it, dropout on."""
        loss = self._loss_and_gradient()
        self._adam()
        self.coefficients.update()
        return loss

    @torch.inference_mode()
    def evaluate(self) -> tuple[float, float]:
        """(loss on the training nodes, accuracy on the validation nodes), dropout off."""
        z = self._output()
        guess = self._columns(z, self.val).max(0).indices
        return self._loss(z)[0].item(), (guess == self.val_labels).float().mean().item()

    @torch.inference_mode()
    def logits(self) -> np.ndarray:
        """Log-probabilities [N, C], dropout off, nodes in the caller's order."""
        z = torch.log_softmax(self._output()[:, : self.classes], 1)
        return z[torch.from_numpy(np.argsort(self.nodes))].numpy()

    def run(
        self, splits: Iterable[tuple[np.ndarray, np.ndarray]], epochs: int, seed: int = 0
    ) -> list[dict[str, Any]]:
        """See :func:`run`."""
        return run(self, splits, epochs, seed)

    def snapshot(self) -> Tensor:
        """A copy of all parameters."""
        return self.flat.clone()

    def restore(self, snapshot: Tensor) -> None:
        """Takes back a copy."""
        self.flat.copy_(snapshot)
        self.coefficients.update()

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Takes W1 [F, H], c1, W2 [H, C], c2, w [K+1, C], eta [K], raw_alpha, raw_beta."""
        for name, view in self._named(self.p).items():
            view.copy_(torch.tensor(parameters[name]))
        self.coefficients.update()

    @torch.inference_mode()
    def gradients(self) -> dict[str, np.ndarray]:
        """Of the loss on the current split, named as in ``load``."""
        self._loss_and_gradient()
        return {name: view.numpy().copy() for name, view in self._named(self.dp).items()}

    def _named(self, p: Mapping[str, Tensor]) -> dict[str, Tensor]:
        c = self.classes
        named = {"W1": p["W1"][:-1], "c1": p["W1"][-1], "W2": p["W2"][:c].T, "c2": p["c2"][:c]}
        named |= {"w": p["w"][:, :c], "eta": p["eta"]}
        return named | {"raw_alpha": p["raw"][0], "raw_beta": p["raw"][1]}

    def _output(self) -> Tensor:
        """Z [N, width] before the softmax, dropout off."""
        torch.addmm(self.h, self.X.clean, self.p["W1"], beta=0, out=self.h).relu_()
        torch.mm(self.h, self.p["W2"].T, out=self.x).add_(self.p["c2"])
        return self._filter(self.x, self.coefficients.gamma)

    def _loss_and_gradient(self) -> float:
        p, dp, h, x, dh = self.p, self.dp, self.h, self.x, self.dh
        torch.addmm(h, self.X.dropped(), p["W1"], beta=0, out=h)
        self.keep_h.drop(h.relu_())
        w2 = p["W2"] * self.keep_h.scale
        self.keep_x.drop(torch.mm(h, w2.T, out=x).add_(p["c2"]))
        gamma = self.coefficients.gamma * self.keep_x.scale
        loss, dz = self._loss(self._filter(x, gamma))
        self.dz[:, : self.classes].index_copy_(0, self.train, dz.T)
        dx = self.keep_x.again(self._filter(self.dz, gamma, x))
        moments = self.moments.view(len(gamma), ROWS, -1).sum(1)
        self.coefficients.backward(moments * self.keep_x.scale)
        torch.sum(dx, 0, out=dp["c2"])
        torch.mm(dx.T, h, out=dp["W2"]).mul_(self.keep_h.scale)
        torch.mm(dx, w2, out=dh)
        torch.ops.aten.threshold_backward.grad_input(dh, h, 0, grad_input=dh)
        torch.addmm(dp["W1"], self.X.transposed(), dh, beta=0, out=dp["W1"])
        return loss.item()

    def _loss(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean negative log-likelihood over the n training nodes, and its gradient [C, n] in z."""
        rows = torch.log_softmax(self._columns(z, self.train), 0)
        loss = torch.nn.functional.nll_loss(rows.T, self.train_labels)
        return loss, rows.exp_().sub_(self.one_hot).mul_(1 / rows.shape[1])

    def _columns(self, z: Tensor, nodes: Tensor) -> Tensor:
        """[C, n] of the classes: reductions over narrow rows are several times slower."""
        return z.index_select(0, nodes).T[: self.classes].contiguous()

    def _filter(self, x: Tensor, gamma: Tensor, other: Tensor | None = None) -> Tensor:
        """sum_k gamma_k T_k(S) x, in a buffer; with ``other``, its products with the terms too."""
        z, product = self._wide(self.z), self._wide(self.scratch)
        factor = None if other is None else self._wide(other)
        weights = gamma.repeat(1, ROWS)
        rows = zip(self._terms(x, len(gamma)), weights.unbind(), self.moments.unbind())
        for k, (term, weight, moment) in enumerate(rows):
            wide = self._wide(term)
            if k == 0:
                torch.mul(wide, weight, out=z)
            else:
                z.addcmul_(wide, weight)
            if factor is not None:
                torch.sum(torch.mul(wide, factor, out=product), 0, out=moment)
        return self.z

    def _wide(self, narrow: Tensor) -> Tensor:
        return narrow.view(-1, self.moments.shape[1])

    def _terms(self, x: Tensor, count: int) -> Iterator[Tensor]:
        """T_k(S) x; a term is overwritten two steps later."""
        a, b = self.work
        yield x
        previous, current = x, torch.addmm(a, self.S, x, beta=0, out=a)
        yield current
        for _ in range(count - 2):
            out = b if previous is x else previous
            torch.addmm(previous, self.S, current, beta=-1, alpha=2, out=out)
            previous, current = current, out
            yield current


class _Features:
    """X with a constant column, whose weight is the bias, and X^T; dropout on the non-zeros."""

    def __init__(self, matrix: sparse.csr_array, rate: float) -> None:
        ones = sparse.csr_array(np.ones((matrix.shape[0], 1), np.float32))
        x = sparse.csr_array(sparse.hstack([matrix, ones]), dtype=np.float32)
        x.sort_indices()
        index = np.arange(x.nnz, dtype=np.int32)
        back = sparse.csr_array((index, x.indices, x.indptr), shape=x.shape).T.tocsr()
        self.entry = torch.from_numpy(back.data)
        back.data = x.data[back.data]
        self.clean, self.noisy, self.back = _csr(x), _csr(x), _csr(back)
        always = torch.from_numpy(x.indices == matrix.shape[1])
        self.keep = _Keep((x.nnz,), rate, always)
        self.scaled = self.clean.values() * torch.where(always, 1, self.keep.scale)

    def dropped(self) -> Tensor:
        """X after new dropout."""
        if self.keep.rate > 0:
            torch.mul(self.scaled, self.keep.draw(), out=self.noisy.values())
        return self.noisy

    def transposed(self) -> Tensor:
        """X^T after the same dropout."""
        if self.keep.rate > 0:
            torch.index_select(self.noisy.values(), 0, self.entry, out=self.back.values())
        return self.back


class _Keep:
    """Masks of zeros and ones for dropout; the factor ``scale`` is left to the caller."""

    def __init__(self, shape: tuple[int, ...], rate: float, always: Tensor | None = None) -> None:
        self.rate, self.scale, self.mask = rate, 1 / (1 - rate), torch.ones(shape)
        self.words = torch.zeros(-(-self.mask.numel() // 4), dtype=torch.int64)
        self.bits = self.words.view(torch.int16)[: self.mask.numel()].view(shape)
        self.limit = torch.tensor(round((1 - rate) * 2**16) - 2**15 - 1, dtype=torch.int16)
        if always is not None:
            self.limit = torch.where(always, 2**15 - 1, self.limit).to(torch.int16)

    def draw(self) -> Tensor:
        """A new mask."""
        if self.rate > 0:
            self.words.random_(-(2**63), None)
            torch.le(self.bits, self.limit, out=self.mask)
        return self.mask

    def drop(self, x: Tensor) -> Tensor:
        """x after a new mask, in place."""
        return x.mul_(self.draw()) if self.rate > 0 else x

    def again(self, x: Tensor) -> Tensor:
        """x after the last mask, in place."""
        return x.mul_(self.mask) if self.rate > 0 else x


def _packed(shapes: Mapping[str, tuple[int, ...]]) -> tuple[Tensor, dict[str, Tensor]]:
    """Zeros in one flat tensor, and views of it."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    flat = torch.zeros(sum(sizes))
    views = zip(shapes.items(), flat.split(sizes))
    return flat, {name: piece.view(shape) for (name, shape), piece in views}


def _csr(matrix: sparse.csr_array) -> Tensor:
    """With int32 indices: MKL takes no others without a copy."""
    indices = (torch.tensor(i, dtype=torch.int32) for i in (matrix.indptr, matrix.indices))
    values = torch.tensor(matrix.data, dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CSR is called beta
        return torch.sparse_csr_tensor(*indices, values, matrix.shape, check_invariants=False)
