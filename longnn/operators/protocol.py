"""What filters and models need of an operator.

Anything with ``matvec`` and the pytree structure of its arrays is an operator; a graph shift of
your own is one dataclass away.
"""

from typing import Protocol, runtime_checkable

from jax import Array
from jaxtyping import Float

from polybases import Recurrence


@runtime_checkable
class Operator(Protocol):
    """A symmetric linear map on node signals, and a pytree."""

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""


@runtime_checkable
class Sweeping(Protocol):
    """An operator with whole filter sweeps of its own, as ``NativeOperator``."""

    def filter_sum(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
    ) -> Float[Array, "N *channels"]:
        """sum_k theta_k p_k(S) x."""

    def filter_adjoint(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
        g: Float[Array, "N *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "N *channels"]]:
        """(dtheta, dx) for the cotangent g."""

    def lanczos_sum(
        self, theta: Float[Array, "terms *channels"], x: Float[Array, "N *channels"]
    ) -> Float[Array, "N *channels"]:
        """sum_k theta_k v_k in the Lanczos vectors of x."""

    def lanczos_adjoint(
        self,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
        g: Float[Array, "N *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "N *channels"]]:
        """(dtheta, dx) for the cotangent g."""
