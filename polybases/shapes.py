"""Shared annotations of arrays: dtype and shape in one name, checked in the tests by machine.

Axes have the letters of the field: N nodes, K order (terms = K+1), M nodes of a measure, n nodes of
a rule. A name with a star stands for any number of axes, and with ``#`` for axes that broadcast.
"""

from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

Numbers = Real[ArrayLike, "..."]
"""What a user gives: Python numbers, numpy or jax arrays, integers too."""

Scalar = Real[ArrayLike, ""]
"""One number, or an array without axes."""

Values = Float[Array, "..."]
"""What comes back: a floating jax array of any shape."""
