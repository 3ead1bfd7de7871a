"""What a trained spectral GNN has learned; functions return arrays, drawing is in longnn.plot."""

from longnn.analysis.response import response
from longnn.analysis.spectrum import spectral_density

__all__ = ["response", "spectral_density"]
