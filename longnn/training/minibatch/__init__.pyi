from ._fit import fit_stored as fit_stored
from .drive import BatchProgress as BatchProgress
from .result import StoredFit as StoredFit
