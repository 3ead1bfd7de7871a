"""Optional CPU kernels in C++ behind ``jax.ffi``; without them the pure JAX path runs.

``python -m longnn.native.build`` builds them (``make install`` does where a compiler is found), and
``python -m longnn.doctor`` says whether they are used, and why not.
"""

from longnn.native.library import Status, status
from longnn.native.operator import NativeOperator, native_operator
from longnn.native.rows import NativeRows, native_rows

__all__ = ["NativeOperator", "NativeRows", "Status", "native_operator", "native_rows", "status"]
