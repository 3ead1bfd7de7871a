"""What a trained spectral GNN has learned; functions return arrays, drawing is in longnn.plot."""

from longnn.analysis.export import ChebyshevFilter, chebyshev_filter
from longnn.analysis.response import propagated_response, response
from longnn.analysis.spectrum import spectral_density

__all__ = [
    "ChebyshevFilter",
    "chebyshev_filter",
    "propagated_response",
    "response",
    "spectral_density",
]
