"""Datasets, the files they come from, and their splits; all on the host, in NumPy.

`load` takes a name (`names` lists them), `own_dataset` arrays of your own, `splits` has the split
protocols. One file stands for each file format (planetoid, heterophilous, graphdata, musae,
facebook100, ogb, images) and one for each kind of generated graph (csbm, bands, lattices, blocks,
clouds); npz and edgelist read graphs of your own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
