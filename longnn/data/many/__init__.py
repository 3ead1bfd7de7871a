"""Many graphs as one dataset: of your own, from files, generated; splits over them, statistics."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
