"""Datasets, the files they come from, and their splits; all on the host, in NumPy.

One file per file format (planetoid, heterophilous, graphdata, musae, facebook100, ogb, images),
one per kind of generated graph (csbm, lattices, blocks, clouds), and npz and edgelist for graphs
of your own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
