"""Filters of an operator with a backward pass of their own, which stores no terms."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
