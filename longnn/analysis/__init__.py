"""What a spectral GNN works with and has learned; functions return arrays, drawing is longnn.plot.

Measures over lambda come first (``spectral_measure`` of a graph, ``signal_measure`` of a signal on
it); histograms, norms, conditioning and over-passing are taken of them.
"""

from longnn.analysis.basis import (
    basis_values,
    condition_numbers,
    filter_values,
    gram,
    weight_measure,
)
from longnn.analysis.density import spectral_density, spectral_measure
from longnn.analysis.energy import energy_measure, signal_energy, signal_measure
from longnn.analysis.export import ChebyshevFilter, chebyshev_filter
from longnn.analysis.homophily import FrequencyHomophily, frequency_homophily
from longnn.analysis.measure import Density, Measure, histogram
from longnn.analysis.norms import squared_norm
from longnn.analysis.overpassing import OverPassing, over_passing
from longnn.analysis.response import propagated_response, response
from longnn.analysis.signals import error_signal, label_signal
from longnn.analysis.spectrum import (
    EXACT_LIMIT,
    Spectrum,
    eigenvalues,
    eigenvectors,
    shift_matrix,
)

__all__ = [
    "EXACT_LIMIT",
    "ChebyshevFilter",
    "Density",
    "FrequencyHomophily",
    "Measure",
    "OverPassing",
    "Spectrum",
    "basis_values",
    "chebyshev_filter",
    "condition_numbers",
    "eigenvalues",
    "eigenvectors",
    "energy_measure",
    "error_signal",
    "filter_values",
    "frequency_homophily",
    "gram",
    "histogram",
    "label_signal",
    "over_passing",
    "propagated_response",
    "response",
    "shift_matrix",
    "signal_energy",
    "signal_measure",
    "spectral_density",
    "spectral_measure",
    "squared_norm",
    "weight_measure",
]
