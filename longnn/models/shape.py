"""What describes the block of a model: norms, residuals, activation, input layer and the like."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import partial
from typing import Literal, TypedDict

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_range, check_word
from longnn.models.model import Setting
from longnn.models.norms import OVER_NODES, Norm

Activation = Literal["relu", "gelu", "elu", "tanh"]
Jumping = Literal["last", "sum", "concatenate", "max"]
NormPosition = Literal["before", "after"]
Residual = Literal["none", "residual", "initial"]

ACTIVATIONS: dict[str, Callable[[Float[Array, "N H"]], Float[Array, "N H"]]] = {
    "relu": jax.nn.relu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "elu": jax.nn.elu,
    "tanh": jnp.tanh,
}
"""The functions between two layers by name; "gelu" is x Phi(x) itself (arXiv 1606.08415)."""


class Shaping(TypedDict, total=False):
    """The settings that models pass on to :class:`Shaped`."""

    norm: Norm
    norm_position: NormPosition
    residual: Residual
    residual_weight: ArrayLike
    input_layer: bool
    feed_forward: int
    activation: Activation
    jumping: Jumping
    shared_basis: bool


@dataclass(frozen=True)
class Shape:
    """What of a block is static; see :class:`Shaped`."""

    norm: Norm = "none"
    norm_position: NormPosition = "after"
    residual: Residual = "none"
    input_layer: bool = False
    feed_forward: int = 0
    activation: Activation = "relu"
    jumping: Jumping = "last"
    shared_basis: bool = False

    @property
    def over_nodes(self) -> bool:
        """Whether norms take their statistics over all nodes."""
        return self.norm in OVER_NODES


class Shaped(nnx.Module):
    """A model whose layers may stand in a block (``placement="stacked"``).

    What the settings mean is said at :class:`longnn.models.block.Block`.

    Args:
        norm: "none", "layer", "batch" or "graph" (:mod:`longnn.models.norms`).
        norm_position: "before" or "after" the propagation of a layer.
        residual: "none", "residual" (H + the layer's output) or "initial" (a part of H_0).
        residual_weight: the part of H_0 that residual="initial" mixes in, in [0, 1].
        input_layer: whether H_0 = activation(X W + c) stands in front of the layers.
        feed_forward: how many linear layers stand behind the propagation of a layer, 0, 1 or 2; 0:
            one stands in front of it.
        activation: "relu", "gelu", "elu" or "tanh".
        jumping: what the output layer reads: the "last" layer's output, or the "sum", the "max" or
            a "concatenate" of those of all layers.
        shared_basis: whether the filters of all layers have one basis, with coefficients of their
            own.
        dtype: data type of the parameters.

    Raises:
        ValueError: if a setting is unknown or lies outside its range, or if two do not go together.
    """

    def __init__(
        self,
        *,
        norm: Norm = "none",
        norm_position: NormPosition = "after",
        residual: Residual = "none",
        residual_weight: ArrayLike = 0.1,
        input_layer: bool = False,
        feed_forward: int = 0,
        activation: Activation = "relu",
        jumping: Jumping = "last",
        shared_basis: bool = False,
        dtype: DTypeLike = jnp.float32,
    ):
        check_word("norm", norm, Norm)
        check_word("norm_position", norm_position, NormPosition)
        check_word("residual", residual, Residual)
        check_word("activation", activation, Activation)
        check_word("jumping", jumping, Jumping)
        check_word("feed_forward", feed_forward, Literal[0, 1, 2])
        check_range("residual_weight", residual_weight, 0, 1, "[]")
        _check_input_layer(input_layer, feed_forward, residual)
        self.shape = Shape(
            norm=norm,
            norm_position=norm_position,
            residual=residual,
            input_layer=input_layer,
            feed_forward=feed_forward,
            activation=activation,
            jumping=jumping,
            shared_basis=shared_basis,
        )
        if residual == "initial":
            self.residual_weight = Setting(jnp.asarray(residual_weight, dtype))

    def refuse_shape(self, placement: str, besides: Collection[str] = ()) -> None:
        """Raises a ValueError where a setting describes a block, and the placement has none.

        Args:
            placement: the setting of the model.
            besides: names of settings that mean something there, too.
        """
        for field in fields(Shape):
            value = getattr(self.shape, field.name)
            if field.name not in besides and value != field.default:
                raise ValueError(
                    f"{field.name}={value!r} describes the block of placement='stacked', got "
                    f"placement={placement!r}; set placement='stacked', or leave {field.name} out"
                )


def _check_input_layer(input_layer: bool, feed_forward: int, residual: Residual) -> None:
    """ValueError where something needs an input layer that is not there."""
    if input_layer:
        return
    if feed_forward:
        raise ValueError(
            f"feed_forward={feed_forward} linear layers stand behind the propagation, which then "
            "takes all features as its channels; set input_layer=True, which makes hidden ones"
        )
    if residual == "initial":
        raise ValueError(
            "residual='initial' mixes in the output of the input layer; set input_layer=True"
        )
