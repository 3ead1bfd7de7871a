"""Figures, each from arrays by one call; readable in print. No global matplotlib state."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
