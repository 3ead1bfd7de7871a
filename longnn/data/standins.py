"""What stands in for the objects of a pickle until their state has come and has been checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from longnn.data.limits import Budget
from longnn.data.plain import checked_rows, plain_dtype, shaped


@dataclass(frozen=True)
class Name:
    """Something that a pickle calls by its name; it stands for itself."""

    word: str


@dataclass(eq=False)
class Blank:
    """An object before its state has come; then ``value`` is what it has become."""

    kind: str
    code: str = ""
    value: Any = None


# Of the days of writing; none of them is ever imported.
_NAMES = {
    "scipy.sparse.csr csr_matrix": Name("csr_matrix"),
    "scipy.sparse._csr csr_matrix": Name("csr_matrix"),
    "numpy.core.multiarray _reconstruct": Name("_reconstruct"),
    "numpy._core.multiarray _reconstruct": Name("_reconstruct"),
    "numpy ndarray": Name("ndarray"),
    "numpy dtype": Name("dtype"),
    "collections defaultdict": Name("defaultdict"),
    "__builtin__ list": Name("list"),
    "builtins list": Name("list"),
}

_OBJECTS = np.dtype(object)


def unknown(what: str) -> ValueError:
    """The error for what a pickle does beyond that which dataset files need."""
    return ValueError(
        f"the pickle {what}, which no dataset file needs; it is not a file to trust, do not load "
        "it by other means"
    )


def named(name: str) -> Name:
    """The stand-in for "MODULE NAME"; a ValueError for any but those that dataset files need."""
    if name not in _NAMES:
        raise unknown(f"asks for {'.'.join(name.split(' '))[:200]}")
    return _NAMES[name]


def called(function: Any, arguments: Any) -> Blank | dict[Any, Any]:
    """What a call in a pickle gives: a blank, or the dictionary that a defaultdict becomes.

    Raises:
        ValueError: if the call is not one that NumPy, scipy or a defaultdict writes.
    """
    word = function.word if isinstance(function, Name) else type(function).__name__
    first = arguments[0] if type(arguments) is tuple and arguments else None
    if word == "csr_matrix" and arguments == ():
        return Blank("csr_matrix")
    of = first.word if isinstance(first, Name) else ""
    if word == "defaultdict" and (of == "list" or arguments == ()):
        return {}
    if word == "_reconstruct" and of == "ndarray":
        return Blank("ndarray")
    if word == "dtype" and type(first) is str:
        return Blank("dtype", first)
    raise unknown(f"calls {word} with other arguments than usual")


def built(blank: Any, state: Any, budget: Budget) -> Any:
    """Gives a blank its state.

    Args:
        blank: what the pickle fills.
        state: what it fills it with.
        budget: from which arrays are taken.

    Returns:
        A dtype, an array of numbers or a CSR matrix. An array of objects becomes a list of them, or
        the object itself if the array has no dimension.

    Raises:
        ValueError: unless the state is that of such an object, complete and consistent.
    """
    kind = blank.kind if isinstance(blank, Blank) and blank.value is None else ""
    if kind == "dtype" and type(state) is tuple and len(state) >= 5:
        blank.value = _dtype(blank.code, state)
    elif kind == "ndarray" and type(state) is tuple and len(state) == 5:
        blank.value = _array(budget, *state[1:])
    elif kind == "csr_matrix" and type(state) is dict:
        sizes = state.get("_shape")
        data, indices, indptr = (state.get(key) for key in ("data", "indices", "indptr"))
        blank.value = checked_rows(data, indices, indptr, sizes if type(sizes) is tuple else ())
    else:
        raise unknown(f"fills a {kind or type(blank).__name__} with a {type(state).__name__}")
    return blank.value


def _dtype(code: str, state: tuple[Any, ...]) -> np.dtype:
    if code in ("O", "O4", "O8"):
        return _OBJECTS
    order = state[1] if type(state[1]) is str and state[1] in "<>|=" else ""
    if not order or any(part is not None for part in state[2:5]):
        raise unknown("describes numbers with parts")
    found = plain_dtype(order + code)
    if found.kind not in "biuf":
        raise ValueError(f"the pickle holds an array of {found}, expected one of numbers")
    return found


def _array(budget: Budget, shape: Any, dtype: Any, fortran: Any, raw: Any) -> Any:
    if not isinstance(dtype, np.dtype) or type(shape) is not tuple:
        raise unknown("makes an array without a shape or a dtype")
    if dtype == _OBJECTS and type(raw) is list:
        if not all(type(size) is int for size in shape) or shape not in ((), (len(raw),)):
            raise ValueError(f"a list of {len(raw)} objects has another shape in the pickle")
        if shape == () and len(raw) != 1:
            raise ValueError(f"the pickle gives {len(raw)} objects for one")
        return raw if shape else raw[0]
    if dtype == _OBJECTS or type(raw) not in (str, bytes):
        raise unknown(f"fills an array with a {type(raw).__name__}")
    budget.take(2 * len(raw))
    content = raw if isinstance(raw, bytes) else raw.encode("latin-1")
    return shaped(np.frombuffer(content, np.uint8).copy(), dtype, shape, fortran is True)
