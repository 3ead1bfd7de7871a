"""An epoch of a PyTorch peer as one CUDA graph: the strongest peer on a GPU."""

from collections.abc import Callable
from typing import Any

import torch


def recorded(p: Any, w: Any) -> Callable[[], None]:
    """A step and its evaluation, recorded once: nothing is read back, masks are indices."""
    p.train, p.val = (torch.tensor(mask.nonzero()[0]) for mask in (w.train[0], w.val[0]))
    groups = [{"params": q, **p.rates[name]} for name, q in p.model.groups().items()]
    optimizer = torch.optim.Adam(groups, fused=True, capturable=True)

    def work() -> None:
        optimizer.zero_grad(set_to_none=True)
        p._loss(p._forward(training=True)).backward()
        optimizer.step()
        with torch.no_grad():
            logits = p._forward(training=False)
            (logits[p.val].argmax(1) == p.labels[p.val]).float().mean()

    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay  # type: ignore[no-any-return]
