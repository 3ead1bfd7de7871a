"""The design of the phase diagram: what is varied, what is compared, with which seeds."""

from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple

Family = Literal["bands", "csbm"]

NODES = 1000
FEATURES = 16
SPLITS = 2
EPOCHS = 200
VALIDATION = 0.2
RATE = 0.01
FAST = 0.05
HIDDEN = 16

LEVELS: dict[Family, tuple[str, ...]] = {
    "bands": ("low", "middle", "high", "ends"),
    "csbm": ("-0.8", "-0.4", "0.0", "0.4", "0.8"),
}
"""Where the labels' energy sits: the band, or phi of the cSBM (its homophily)."""

NOISE: dict[Family, tuple[float, ...]] = {"bands": (1.0, 2.0), "csbm": (0.0,)}
"""Of the features of bands; that of the cSBM follows from phi."""

DEGREES = (4, 16)
TRAIN = (0.05, 0.4)
ORDERS = (4, 10)

GRAPHS: dict[Family, int] = {"bands": 6, "csbm": 12}
"""Graphs at each place, so that each region has 48."""

KEPT = 0.9
"""Share of the edges asked for that every graph has, so that all have equally many."""

PILOT = 1_000_000
"""The first seed of a pilot; those of the run are below."""

STARTS = ((0.0, 0.0), (-0.5, -0.5), (-0.5, 1.0), (1.0, -0.5), (1.0, 1.0))
"""(alpha, beta) that fixed bases are chosen of, and that learned ones start from."""


class Place(NamedTuple):
    """A place of the diagram.

    Attributes:
        family: how graphs are drawn.
        level: band, or phi.
        noise: of the features, where it is varied.
        degree: mean degree asked for.
        train: share of the nodes that train.
        order: K.
    """

    family: Family
    level: str
    noise: float
    degree: int
    train: float
    order: int


class Region(NamedTuple):
    """Places that a statement is about: those of one level and one number of training nodes."""

    family: Family
    level: str
    train: float


class Contrast(NamedTuple):
    """Two variants that are compared, and the question that they answer."""

    name: str
    first: str
    second: str
    question: str


CONTRASTS = (
    Contrast("learned", "learned", "fixed", "learning, from one start (0, 0)"),
    Contrast("learned, chosen", "learned, chosen", "fixed, chosen",
             "learning, where the best of five starts is chosen for both"),
    Contrast("chosen", "fixed, chosen", "fixed", "choosing one of five fixed bases"),
    Contrast("faster", "learned, faster", "fixed", "learning at five times the rate"),
    Contrast("own", "own", "learned", "alpha and beta of its own for each class"),
    Contrast("free", "free", "learned", "all coefficients of the recurrence in place of two"),
    Contrast("favard", "favard", "fixed", "the same from Chebyshev polynomials (Favard)"),
    Contrast("density", "density", "fixed", "orthonormal under the graph's own density, fixed"),
    Contrast("density, learned", "density, learned", "density", "learned from there"),
)  # fmt: skip

SINGLE = ("learned, faster", "free", "favard", "density", "density, learned", "own")
"""Variants of one run each, beside the fixed and the learned ones from each start."""

TRIALS = (
    *(f"fixed {i}" for i in range(len(STARTS))),
    *(f"learned {i}" for i in range(len(STARTS))),
    *SINGLE,
)
"""The runs on each split of a graph, in the order of a record."""


def places() -> list[Place]:
    """All places of the diagram."""
    return [
        Place(family, *rest)
        for family in LEVELS
        for rest in product(LEVELS[family], NOISE[family], DEGREES, TRAIN, ORDERS)
    ]


def region_of(place: Place) -> Region:
    """The region that a place belongs to."""
    return Region(place.family, place.level, place.train)


def planned() -> Iterator[tuple[Place, int]]:
    """(place, number of the graph), one graph at every place before the next ones."""
    for number in range(max(GRAPHS.values())):
        yield from ((place, number) for place in places() if number < GRAPHS[place.family])


def seed_of(place: Place, number: int) -> int:
    """The random seed of a graph, of its splits and of the training on it."""
    return 100 * places().index(place) + number
