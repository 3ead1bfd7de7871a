"""Graphs: merged from edges, converted from other libraries, and scaled to S."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
