"""Training on batches of graphs, for the nodes or the graphs of a dataset of many."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
