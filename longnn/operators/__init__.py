"""Symmetric operators on node signals: the normalised adjacency on each backend, and any matrix."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
