"""What describes a block of layers: norms, residuals, activation, input layer and the like."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Literal, TypedDict

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.graphs.checks import check_range, check_word
from longnn.models.norms import OVER_NODES, Norm

Activation = Literal["relu", "gelu", "elu", "tanh"]
FeedForward = Literal[0, 1, 2]
Jumping = Literal["last", "sum", "concatenate", "max"]
NormPosition = Literal["before", "after"]
Residual = Literal["none", "residual", "initial"]

ACTIVATIONS: dict[str, Callable[[Float[jax.Array, "N H"]], Float[jax.Array, "N H"]]] = {
    "relu": jax.nn.relu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "elu": jax.nn.elu,
    "tanh": jnp.tanh,
}
"""The functions between two layers by name; "gelu" is x Phi(x) itself (arXiv 1606.08415)."""


class Shaping(TypedDict, total=False):
    """The settings of a block that a model passes on, see :class:`longnn.models.block.Block`."""

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
    """The static settings of a block, see :class:`longnn.models.block.Block`.

    Raises:
        ValueError: if a setting is unknown, or if two do not go together.
    """

    norm: Norm = "none"
    norm_position: NormPosition = "after"
    residual: Residual = "none"
    input_layer: bool = False
    feed_forward: int = 0
    activation: Activation = "relu"
    jumping: Jumping = "last"
    shared_basis: bool = False

    def __post_init__(self) -> None:
        check_word("norm", self.norm, Norm)
        check_word("norm_position", self.norm_position, NormPosition)
        check_word("residual", self.residual, Residual)
        check_word("feed_forward", self.feed_forward, FeedForward)
        check_word("activation", self.activation, Activation)
        check_word("jumping", self.jumping, Jumping)
        if self.feed_forward and not self.input_layer:
            raise ValueError(
                f"feed_forward={self.feed_forward} linear layers stand behind the propagation, "
                "which needs hidden channels in front of it; set input_layer=True"
            )
        if self.residual == "initial" and not self.input_layer:
            raise ValueError(
                "residual='initial' mixes in the output of the input layer; set input_layer=True"
            )

    @property
    def plain(self) -> bool:
        """Whether a layer's output is read by the next linear layer alone, behind a relu."""
        return self == Shape(norm=self.norm, shared_basis=self.shared_basis)

    @property
    def over_nodes(self) -> bool:
        """Whether norms take their statistics over all nodes."""
        return self.norm in OVER_NODES

    @property
    def normed_output(self) -> bool:
        """Whether a norm stands in front of the output layer, since none stands behind layers."""
        return self.norm != "none" and self.norm_position == "before"

    def inner_widths(self, hidden: int, layers: int, widens: int) -> list[tuple[int, int]]:
        """Inputs and outputs of the linear layers between that of X and the output layer.

        Args:
            hidden: width H of the signals between two layers.
            layers: number of layers, >= 1.
            widens: how many times as many channels are behind a propagation as in front of it.

        Raises:
            ValueError: if more channels would be left behind a layer than in front of it.
        """
        if self.feed_forward:
            return [(widens * hidden, hidden), (hidden, hidden)][: self.feed_forward] * layers
        if widens > 1:
            raise ValueError(
                f"a propagation that makes {widens} times as many channels needs a linear layer "
                "behind it; set feed_forward=1 or 2"
            )
        return [(hidden, hidden)] * (layers - 1 + self.input_layer)


def refuse_shape(given: Shaping, placement: str) -> None:
    """Raises a ValueError where a setting describes a block, and the placement has none.

    A keyword that is no setting of a block is a TypeError.

    Args:
        given: settings of a block; a weight of the residual may stay, if it lies in its range.
        placement: the setting of the model, anything but "stacked".
    """
    unknown = given.keys() - Shaping.__annotations__.keys()
    if unknown:  # as Python does where keywords are not handed on
        raise TypeError(f"got an unexpected keyword argument {min(unknown)!r}")
    check_range("residual_weight", given.get("residual_weight", 0.0), 0, 1, "[]")
    for field in fields(Shape):
        value = given.get(field.name, field.default)
        if value != field.default:
            raise ValueError(
                f"{field.name}={value!r} describes the block of placement='stacked', got "
                f"placement={placement!r}; set placement='stacked', or leave {field.name} out"
            )


def with_layer_norm(given: Shaping) -> Shaping:
    """Settings of a block whose norm is that over the channels of a node.

    Args:
        given: settings of a block.

    Raises:
        ValueError: if they name another norm.
    """
    if given.get("norm", "none") not in ("none", "layer"):
        raise ValueError(
            f"layer_norm=True and norm={given['norm']!r} are two norms; leave layer_norm out"
        )
    return {**given, "norm": "layer"}
