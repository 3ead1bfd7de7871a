"""Independent references for training: a counting AUC, a hand-written Adam, the selection rule."""

import numpy as np


def pair_count(score, labels, mask) -> float:
    """Share of the pairs (positive, negative) in order, ties half; O(n^2)."""
    chosen = list(zip(np.asarray(score)[mask], np.asarray(labels)[mask], strict=True))
    wins = [1.0 if p > n else 0.5 if p == n else 0.0
            for p, a in chosen if a == 1 for n, b in chosen if b == 0]  # fmt: skip
    return sum(wins) / len(wins)


def numpy_adam(p, gradients, lr, weight_decay):
    """Kingma and Ba (arXiv 1412.6980), algorithm 1, with the decay inside the gradient."""
    m = v = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        g = g + weight_decay * p
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        p = p - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p


def published_rule(scores, patience, max_epochs) -> tuple[int, int]:
    """(selected epoch, epochs): the last epoch >= the best so far; stop at miss patience + 1."""
    best, selected, misses = float("-inf"), 0, 0
    for epoch in range(1, max_epochs + 1):
        if scores[epoch - 1] >= best:
            best, selected, misses = scores[epoch - 1], epoch, 0
        else:
            misses += 1
            if misses == patience + 1:
                break
    return selected, epoch
