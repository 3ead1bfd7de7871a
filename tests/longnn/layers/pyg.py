"""What PyTorch Geometric's layers give and how they differentiate, written to pyg.npz.

Run with torch and torch_geometric, which the tests do not need:
``python -m tests.longnn.layers.pyg``.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("pyg.npz")
NODES = 24

CASES: dict[str, tuple[str, dict[str, float | int | bool], bool]] = {
    "cheb narrow": ("ChebConv", {"in_channels": 7, "out_channels": 3, "K": 4}, False),
    "cheb wide": ("ChebConv", {"in_channels": 3, "out_channels": 6, "K": 5}, True),
    "cheb of one matrix": ("ChebConv", {"in_channels": 4, "out_channels": 4, "K": 1}, False),
    "cheb without bias": (
        "ChebConv", {"in_channels": 5, "out_channels": 5, "K": 2, "bias": False}, True
    ),
    "cheb lambda_max": ("ChebConv", {"in_channels": 7, "out_channels": 3, "K": 4}, True),
    "cheb wide lambda_max": ("ChebConv", {"in_channels": 3, "out_channels": 6, "K": 4}, False),
    "appnp": ("APPNP", {"K": 10, "alpha": 0.1}, False),
    "appnp weighted": ("APPNP", {"K": 3, "alpha": 0.6}, True),
    "sg narrow": ("SGConv", {"in_channels": 7, "out_channels": 3, "K": 3}, False),
    "sg wide": ("SGConv", {"in_channels": 3, "out_channels": 6, "K": 2}, True),
    "sg without bias": (
        "SGConv", {"in_channels": 5, "out_channels": 5, "K": 1, "bias": False}, True
    ),
}  # fmt: skip
"""Class, settings, and whether edges have weights."""

LAMBDA_MAX = {"cheb lambda_max": 1.7, "cheb wide lambda_max": 1.3}


def graph() -> tuple[np.ndarray, np.ndarray]:
    """60 edges [E, 2], each once, and their weights; the last node is isolated."""
    rng = np.random.default_rng(5)
    pairs = np.stack(np.triu_indices(NODES - 1, 1), 1)
    return pairs[rng.choice(len(pairs), 60, replace=False)], rng.uniform(0.3, 2.0, 60)


def computed(name: str) -> dict[str, np.ndarray]:
    """Input, weights, output, and the gradient of sum(output * g), all in float64."""
    import torch
    import torch_geometric.nn

    kind, settings, weighted = CASES[name]
    edges, weights = graph()
    rng = np.random.default_rng([*name.encode()])
    layer = getattr(torch_geometric.nn, kind)(**settings).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.from_numpy(rng.normal(size=tuple(parameter.shape))))
    x = torch.from_numpy(rng.normal(size=(NODES, settings.get("in_channels", 4)))).requires_grad_()
    both = torch.from_numpy(np.concatenate([edges, edges[:, ::-1]]).T.copy())
    values = torch.from_numpy(np.concatenate([weights, weights])) if weighted else None
    extra = {"lambda_max": LAMBDA_MAX[name]} if name in LAMBDA_MAX else {}
    y = layer(x, both, values, **extra)
    g = torch.from_numpy(rng.normal(size=tuple(y.shape)))
    (y * g).sum().backward()
    named = dict(layer.named_parameters())
    found = {"x": x, "y": y, "g": g, "dx": x.grad}
    found |= named | {f"d {key}": value.grad for key, value in named.items()}
    return {key: value.detach().numpy() for key, value in found.items()}


if __name__ == "__main__":
    arrays = {f"{name}/{key}": a for name in CASES for key, a in computed(name).items()}
    np.savez_compressed(FILE, **arrays)
    print(f"{len(arrays)} arrays, {FILE.stat().st_size} bytes")
