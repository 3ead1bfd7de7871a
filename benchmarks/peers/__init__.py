"""LON-GNN in PyTorch on the CPU, written to be compared with: see ``best`` and ``reference``."""
