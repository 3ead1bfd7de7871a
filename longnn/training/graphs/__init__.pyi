from ._fit import fit_graphs as fit_graphs
from .result import GraphFit as GraphFit
