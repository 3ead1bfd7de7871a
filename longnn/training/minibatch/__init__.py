"""Training in mini-batches of nodes, on propagated terms that lie on the disk."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
