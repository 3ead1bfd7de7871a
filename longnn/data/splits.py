"""Named split protocols; each gives S splits of the labelled nodes into train, validation, test.

Drawn at random: `per_class`, `stratified`, `random`. Given by somebody: `public`, `fixed`,
`geom_gcn`, `file`. Unlabelled nodes (label -1, or NaN in regression) are in no part, whatever the
protocol.

Example:
    >>> import longnn
    >>> data = longnn.data.load("csbm", nodes=100)
    >>> longnn.data.splits.stratified(data, count=3)
    Splits('stratified', 3 of 100 nodes: train 60, val 20, test 20)
"""

from longnn.data.drawn import per_class, random, stratified
from longnn.data.given import GEOM_GCN, file, fixed, geom_gcn, public
from longnn.data.partition import PARTS, TEST, TRAIN, UNUSED, VAL, Splits

__all__ = [
    "GEOM_GCN",
    "PARTS",
    "TEST",
    "TRAIN",
    "UNUSED",
    "VAL",
    "Splits",
    "file",
    "fixed",
    "geom_gcn",
    "per_class",
    "public",
    "random",
    "stratified",
]
