"""Optional CPU kernels in C++ behind ``jax.ffi``; without them the pure JAX path runs.

``longnn build`` builds them (``make install`` does where a compiler is found), and
``longnn doctor`` says whether they are used, and why not.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
