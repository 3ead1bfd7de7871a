"""Old pickles of arrays and sparse matrices, read without letting them run code."""

import collections
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import multiarray
from scipy import sparse


def restricted_loads(data: bytes) -> Any:  # whatever was pickled, of these kinds
    """Unpickles what the dataset files hold, and nothing else.

    Args:
        data: a pickle written by Python 2 or 3; Python 2 strings are read as latin1.

    Returns:
        Arrays, CSR matrices, lists and dictionaries.

    Raises:
        pickle.UnpicklingError: if the pickle names any other global, or is broken.
    """
    return _Unpickler(io.BytesIO(data), encoding="latin1").load()


# Keys are the module paths of the day of writing; `find_class` never imports what a file names.
_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("scipy.sparse.csr", "csr_matrix"): sparse.csr_matrix,
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "defaultdict"): collections.defaultdict,
    ("__builtin__", "list"): list,
    ("builtins", "list"): list,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        found = _ALLOWED.get((module_name, global_name))
        if found is None:
            raise pickle.UnpicklingError(
                f"the pickle asks for {module_name}.{global_name}, which no dataset file needs; "
                "it is not a file to trust, do not load it by other means"
            )
        return found
