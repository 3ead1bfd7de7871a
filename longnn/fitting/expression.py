"""Arithmetic of lambda from a user's text, without evaluating code."""

import ast
import math
import operator
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

Response = Callable[[Float64[np.ndarray, " n"]], Float64[np.ndarray, " n"]]
"""A response: eigenvalues lambda in [0, 2] of L -> g(lambda)."""

FUNCTIONS: dict[str, tuple[Callable[..., np.ndarray], int]] = {
    **{name: (getattr(np, name), 1) for name in ("exp", "log", "sqrt", "abs", "sign")},
    **{name: (getattr(np, name), 1) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: (getattr(np, name), 2) for name in ("minimum", "maximum")},
    "where": (np.where, 3),
}
"""The name of a function -> the function that computes it, and the number of its arguments."""

CONSTANTS = {"pi": math.pi, "e": math.e}

_OPERATORS: dict[type, Callable[..., np.ndarray]] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul},
    **{ast.Div: operator.truediv, ast.Pow: operator.pow},
    **{ast.UAdd: operator.pos, ast.USub: operator.neg},
    **{ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge},
}
_ALLOWED = (
    f"allowed are numbers, lam (in [0, 2]), x = 1 - lam, {', '.join(CONSTANTS)}, "
    f"+ - * / **, comparisons < <= > >=, parentheses and {', '.join(FUNCTIONS)}"
)
_LONGEST = 1000
_DEEPEST = 50


def parse(text: str) -> Response:
    """Returns the response that an expression of ``lam`` (or ``x`` = 1 - lam) describes.

    The text is read as a syntax tree of which a few kinds of nodes are computed in float64;
    nothing else, such as attributes, subscripts or other calls, is ever run.

    Args:
        text: the expression, such as "exp(-3*lam)" or "where(lam < 0.5, 1, 0)".

    Returns:
        The response; it raises a ValueError where g is not finite.

    Raises:
        ValueError: if the text is not arithmetic of lambda (the message names the place), or if g
            is not finite somewhere on [0, 2].

    Example:
        >>> parse("1 - lam/2")(np.array([0.0, 1.0, 2.0])).tolist()
        [1.0, 0.5, 0.0]
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a filter has at most {_LONGEST} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"cannot read the filter {text!r} ({error}); {_ALLOWED}") from None
    _check(tree, text.strip(), 0)

    def response(lam: np.ndarray) -> Float64[np.ndarray, "..."]:
        lam = np.asarray(lam, np.float64)
        names = CONSTANTS | {"lam": lam, "x": 1 - lam}
        with np.errstate(all="ignore"):  # what is not finite is reported below
            values = _value(tree, names)
        return finite(np.broadcast_to(np.asarray(values, np.float64), lam.shape), lam, text)

    response(np.linspace(0, 2, 2001))
    return response


def finite(
    values: Float64[np.ndarray, "*points"], lam: Float64[np.ndarray, "*points"], what: str
) -> Float64[np.ndarray, "*points"]:
    """Returns the values, or raises a ValueError that says at which lambda one is not finite."""
    bad = ~np.isfinite(values)
    if bad.any():
        raise ValueError(
            f"the filter {what!r} is not finite at lam = {lam[bad][0]:.6g} (it is "
            f"{values[bad][0]}); a response must be finite on all of [0, 2]"
        )
    return values


def _check(node: ast.AST, text: str, depth: int) -> None:
    """Raises ValueError for the first node that is not arithmetic of lambda."""
    if depth > _DEEPEST:
        raise ValueError(f"the filter {text[:40]!r}... nests deeper than {_DEEPEST} levels")
    if not _known(node):
        start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", len(text))
        part = text.encode()[start:end].decode()
        raise ValueError(
            f"{part!r} at column {start + 1} of the filter {text!r} is not allowed; {_ALLOWED}"
        )
    for child in _children(node):
        _check(child, text, depth + 1)


def _known(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float)  # not bool, which is an int
        case ast.Name(id=name):
            return name in ("lam", "x", *CONSTANTS)
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return type(op) in _OPERATORS
        case ast.Compare(ops=[op]):
            return type(op) in _OPERATORS
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return name in FUNCTIONS and len(args) == FUNCTIONS[name][1]
    return False


def _children(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Compare(left=left, comparators=[right]):
            return [left, right]
        case ast.Call(args=args):
            return args
    return []


def _value(node: ast.AST, names: dict[str, float | np.ndarray]) -> np.ndarray | np.generic:
    """Of a checked node; numbers are float64, so that no power grows without end."""
    arguments = [_value(child, names) for child in _children(node)]
    match node:
        case ast.Constant(value=int() | float() as value):
            return np.asarray(value, np.float64)
        case ast.Name(id=name):
            return np.asarray(names[name], np.float64)
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name][0](*arguments)
        case ast.Compare(ops=[op]):
            return _OPERATORS[type(op)](*arguments)
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return _OPERATORS[type(op)](*(np.asarray(a, np.float64) for a in arguments))
    raise AssertionError(f"{type(node).__name__} was not checked")
