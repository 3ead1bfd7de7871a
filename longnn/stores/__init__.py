"""Graphs that are kept on the disk: written in bounded memory, opened at once at any size."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
