"""What a spectral GNN works with and has learned; functions return arrays, drawing is longnn.plot.

Measures over lambda come first (``spectral_measure`` of a graph, ``signal_measure`` of a signal on
it); histograms, norms, conditioning and over-passing are taken of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
