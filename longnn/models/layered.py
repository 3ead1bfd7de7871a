"""Models that are layers: each with weights of its own, or all in the block of other models."""

from collections.abc import Callable
from typing import Literal, Protocol, Required, Unpack, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_word
from longnn.models.block import Block, Propagation
from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.series import give_one_basis
from longnn.models.shape import Shaping, refuse_shape
from longnn.models.stack import Made, MakeLayer, Stack
from longnn.operators.protocol import Operator

LayerPlacement = Literal["layers", "stacked"]


class OfBlock(Shaping, total=False):
    """The settings of :class:`Layered` that only a block has."""

    filter_dropout: ArrayLike


class Layering(OfBlock, total=False):
    """The settings that every model of layers that may be a block passes on to :class:`Layered`."""

    placement: LayerPlacement
    hidden: int
    layers: int
    dropout: ArrayLike
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


@runtime_checkable
class MakePropagation(Protocol):
    """A function that makes the propagations of a block."""

    def __call__(self, width: int, linear: bool, /, **made: Unpack[Made]) -> Propagation:
        """Returns a propagation of signals [N, width].

        ``linear`` says whether it has a linear layer in front of itself where it needs one; else
        the block has it.
        """


class Layered(Block, Stack):
    """A model of layers, with ``placement`` for where their weights are.

    - "layers": one layer after the other, see :class:`longnn.models.stack.Stack`. The first one
      reads the features, the last one gives the output.
    - "stacked": the model's propagation in a block, see :class:`longnn.models.block.Block`.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        make: a function that makes each layer, see :class:`longnn.models.stack.MakeLayer`; None for
            a model that is a block always.
        spread: a function that makes each propagation of a block.
        widens: how many times as many channels are behind a propagation as in front of it.
        between: the function between two layers with ``placement="layers"``.
        placement: "layers" or "stacked".
        hidden: width of the signals between two layers, >= 1.
        layers: number of layers, >= 1.
        dropout: rate of the dropout around linear layers, in [0, 1).
        dtype: data type of the parameters.
        rngs: random generators of the initial values.
        shape: further settings of the block, see :class:`longnn.models.block.Block`.

    Raises:
        ValueError: if a setting is unknown or lies outside its range, or if two do not go together.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        make: MakeLayer | None,
        spread: MakePropagation,
        widens: int = 1,
        between: Callable[[Float[Array, "N H"]], Float[Array, "N H"]] = jax.nn.relu,
        *,
        placement: LayerPlacement = "layers",
        hidden: int = 64,
        layers: int = 2,
        dropout: ArrayLike = 0.5,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
        **shape: Unpack[OfBlock],
    ):
        check_word("placement", placement, LayerPlacement)
        self.placement = placement
        made: Made = {"dtype": dtype, "rngs": rngs}
        if placement == "stacked":
            Block.__init__(
                self,
                in_features,
                classes,
                widens,
                hidden=hidden,
                layers=layers,
                dropout=dropout,
                **made,
                **shape,
            )
            linear = self.shape.feed_forward > 0
            each = [spread(hidden, linear, **made) for _ in range(layers)]
            self.propagations = nnx.List(each)
            if self.shape.shared_basis:
                give_one_basis(each)
            return
        name = type(self).__name__
        if make is None:
            raise ValueError(f"{name} is a block always; set placement='stacked'")
        if "filter_dropout" in shape:
            raise ValueError(
                f"filter_dropout stands in front of the propagations of a block, and {name} has "
                "none with placement='layers'; set placement='stacked', or leave it out"
            )
        refuse_shape(shape, placement)
        Stack.__init__(
            self,
            in_features,
            classes,
            make,
            hidden=hidden,
            layers=layers,
            dropout=dropout,
            activation=between,
            **made,
        )

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "N C"]:
        """Returns logits or values [N, C]; dropout is on exactly where a key is given."""
        if self.placement == "stacked":
            return self.through(self.propagations, operator, features, key)
        return Stack.__call__(self, operator, features, key)

    def hops(self) -> int | None:
        """Returns how many edges away the output of a node looks.

        None where norms take statistics over all nodes.
        """
        if self.placement == "stacked":
            return self.hops_through(self.propagations)
        return Stack.hops(self)
