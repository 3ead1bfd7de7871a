"""Spectral layers for models of your own: Flax NNX modules that take any operator."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
