"""GCN, SAGE, GAT and GAT-sep, the classical baselines."""

from typing import Unpack

import jax

from longnn.graphs.checks import check_count
from longnn.models.layered import Layered, Layering, MakePropagation
from longnn.models.messages import Attention, Convolution
from longnn.models.propagations import Attending, BesideOwn, Smoothing
from longnn.models.stack import Made


class GCN(Layered):
    """The graph convolutional network (GCN), by ``jraph.GraphConvolution``.

    A layer computes relu(S H W + c) (arXiv 1609.02907, eq. 9). With ``placement="stacked"`` the
    propagation S H stands in a block. The model is meant for a graph with self-loops
    (``graph=self_loops``). It needs the edges, that is an operator of ``backend="segment_sum"``,
    which the command ``longnn train`` chooses by itself; in a block it takes any operator. All
    parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        body: the settings of every model of layers, see :class:`longnn.models.layered.Layered`.

    Raises:
        ValueError: if a setting lies outside its range, or if the model is called on an operator
            without edges.
    """

    needs_edges = True
    self_loops = 1.0

    def __init__(self, in_features: int, classes: int, **body: Unpack[Layering]):
        def make(width_in: int, width_out: int, last: bool, **made: Unpack[Made]) -> Convolution:
            return Convolution(width_in, width_out, **made)

        super().__init__(in_features, classes, make, _smoothing, **body)


class SAGE(Layered):
    """GraphSAGE with the mean aggregator, on all neighbours (SAGE).

    The propagation [H, P H] stands in a block, so that by default a layer computes
    relu([H, P H] W + c) (arXiv 1706.02216, algorithm 1). P averages over the neighbours where
    ``graph.degree_exponent=1`` (``graph=mean``), for which the model is meant and which
    ``longnn.fit`` and ``longnn train`` choose by themselves. Deviations from the paper: neighbours
    are not sampled, and signals are not scaled to length 1. All parameters belong to the optimizer
    group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        body: the settings of every model of layers, see :class:`longnn.models.layered.Layered`;
            ``placement="stacked"``, ``input_layer=True`` and ``feed_forward=1`` are the defaults
            here.

    Raises:
        ValueError: if a setting lies outside its range, or if two do not go together.
    """

    degree_exponent = 1.0

    def __init__(self, in_features: int, classes: int, **body: Unpack[Layering]):
        def spread(width: int, linear: bool, **made: Unpack[Made]) -> BesideOwn:
            return BesideOwn()

        body = {"placement": "stacked", "input_layer": True, "feed_forward": 1, **body}
        super().__init__(in_features, classes, None, spread, widens=2, **body)


class GAT(Layered):
    """The graph attention network (GAT), by ``jraph.GAT``.

    A layer is multi-head attention over the neighbours of a node (arXiv 1710.10903, eqs. 3 to 6).
    The heads of a layer are concatenated, those of the last layer are averaged; an ELU stands
    between two layers. With ``placement="stacked"`` the attention stands in a block, whose layers
    all concatenate their heads. Deviation from the paper: attention weights are not dropped out.

    The model is meant for a graph with self-loops (``graph=self_loops``). It needs the edges, as
    :class:`GCN` does, but not their weights. All parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        heads: number of attention heads of each layer, >= 1.
        body: the settings of every model of layers, see :class:`longnn.models.layered.Layered`;
            ``hidden``, the width of all heads together, is a multiple of ``heads``.

    Raises:
        ValueError: if a setting lies outside its range, or if the model is called on an operator
            without edges.
    """

    needs_edges = True
    self_loops = 1.0

    def __init__(self, in_features: int, classes: int, *, heads: int = 8, **body: Unpack[Layering]):
        check_count("heads", heads)

        def make(width_in: int, width_out: int, last: bool, **made: Unpack[Made]) -> Attention:
            if not last and width_out % heads:
                raise ValueError(f"hidden must be a multiple of heads={heads}, got {width_out}")
            each = width_out if last else width_out // heads
            return Attention(width_in, each, heads, average=last, **made)

        spread = _attending(heads, own=False)
        super().__init__(in_features, classes, make, spread, between=jax.nn.elu, **body)


class GATSep(Layered):
    """A graph attention network whose nodes keep their own signals apart (GAT-sep).

    The propagation [H', attended H'] with H' = H W + c stands in a block (arXiv 2302.11640, section
    4.1). Deviation from the published code: the logits of a head read the channels of that head, as
    in GAT (arXiv 1710.10903, eq. 3), instead of all. The model needs the edges, but not their
    weights, and no self-loops. All parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        heads: number of attention heads of each layer, >= 1.
        body: the settings of every model of layers, see :class:`longnn.models.layered.Layered`;
            ``placement="stacked"``, ``input_layer=True`` and ``feed_forward=1`` are the defaults
            here, and ``hidden`` is a multiple of ``heads``.

    Raises:
        ValueError: if a setting lies outside its range, if two do not go together, or if the model
            is called on an operator without edges.
    """

    needs_edges = True

    def __init__(self, in_features: int, classes: int, *, heads: int = 8, **body: Unpack[Layering]):
        check_count("heads", heads)
        spread = _attending(heads, own=True)
        body = {"placement": "stacked", "input_layer": True, "feed_forward": 1, **body}
        super().__init__(in_features, classes, None, spread, widens=2, **body)


def _smoothing(width: int, linear: bool, **made: Unpack[Made]) -> Smoothing:
    return Smoothing()


def _attending(heads: int, *, own: bool) -> MakePropagation:
    """A function that makes attention of so many heads."""

    def spread(width: int, linear: bool, **made: Unpack[Made]) -> Attending:
        return Attending(width, heads, linear=linear, own=own, **made)

    return spread
