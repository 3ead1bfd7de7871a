"""Functions that are linear in some arguments, with a transpose of their own.

``jax.custom_vjp`` gives one derivative in one mode. A :class:`Rule` gives derivatives of every
order in both modes, also under ``vmap``, and the first reverse one is the transpose that it names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Primitive, jaxpr_as_fun
from jax.interpreters import ad, batching, mlir
from jaxtyping import PyTree

from longnn.operators.exported import for_export


@dataclass(frozen=True)
class Rule:
    """A function of fixed arguments and of a moving one, in which it is linear.

    Attributes:
        function: (fixed, moving) -> result, where ``fixed`` is a tuple. Everything that is traced
            comes as an argument.
        derivative: (fixed, moving, changes) -> the change of the result. ``changes`` is a tuple
            with None for each fixed argument that does not change. It is written in functions that
            have derivatives, and raises where one is refused.
        transpose: gives the rule that takes the cotangent of the result for its moving argument
            and returns that of ``moving``; None for a function where nothing moves.
        like: (fixed, moving) -> arrays of the types of the result. With it the function is traced
            where it is compiled alone: reverse mode passes over it, and takes its transpose.
    """

    function: Callable[[Any, Any], Any]
    derivative: Callable[[Any, Any, Any], Any]
    transpose: Callable[[], "Rule"] | None = None
    like: Callable[[Any, Any], Any] | None = None

    def __call__(self, fixed: tuple[Any, ...], moving: Any = ()) -> Any:
        """The result, as an operation that every transformation of jax takes."""
        traced = self.function if self.like is None else self.like
        jaxpr, out = jax.make_jaxpr(traced, return_shape=True)(fixed, moving)
        arrays = jax.tree.leaves((fixed, moving))
        trees = _Trees(*map(jax.tree.structure, (fixed, moving, out)))
        flat = _linear.bind(*arrays, rule=self, trees=trees, jaxpr=jaxpr)
        return trees.result.unflatten(flat)


def along(function: Callable[..., Any], arguments: Sequence[Any], changes: Sequence[Any]) -> PyTree:
    """The derivative of a function of several arguments in the direction of their changes.

    Args:
        function: of as many arguments.
        arguments: where the derivative is taken.
        changes: one for each argument, None where it does not change.
    """
    at = [i for i, change in enumerate(changes) if change is not None]

    def of_changing(*some: Any) -> Any:
        taken = dict(zip(at, some, strict=True))
        return function(*(taken.get(i, argument) for i, argument in enumerate(arguments)))

    return jax.jvp(of_changing, [arguments[i] for i in at], [changes[i] for i in at])[1]


def refusing(message: str) -> Callable[[Any, Any, Any], Any]:
    """A derivative that raises a ValueError, for fixed arguments in which there is none."""

    def derivative(fixed: Any, moving: Any, changes: Any) -> Any:
        raise ValueError(message)

    return derivative


def _run(*arrays: Any, rule: Rule, trees: "_Trees", jaxpr: ClosedJaxpr) -> list[Any]:
    if rule.like is None:
        return jaxpr_as_fun(jaxpr)(*arrays)
    return _run_anew(*arrays, rule=rule, trees=trees)


def _run_anew(*arrays: Any, rule: Rule, trees: "_Trees", **_: Any) -> list[Any]:
    return jax.tree.leaves(rule.function(*trees.given(arrays)))


def _run_portably(*arrays: Any, **parameters: Any) -> list[Any]:
    with for_export():
        return _run_anew(*arrays, **parameters)


def _lower(context: Any, *values: Any, **parameters: Any) -> Any:
    module = context.module_context.lowering_parameters
    # jax.export refuses kernels of other libraries
    run = _run_portably if getattr(module, "for_export", False) else _run
    return mlir.lower_fun(run, multiple_results=True)(context, *values, **parameters)


class _Trees(NamedTuple):
    """The structures of what a rule takes and gives, each a ``PyTreeDef``, which has no types."""

    fixed: Any
    moving: Any
    result: Any

    def given(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """(fixed, moving) of the arrays of all."""
        count = self.fixed.num_leaves
        return self.fixed.unflatten(arrays[:count]), self.moving.unflatten(arrays[count:])


def _jvp(primals: Any, tangents: Any, *, rule: Rule, trees: _Trees, jaxpr: ClosedJaxpr) -> Any:
    count = trees.fixed.num_leaves
    fixed, moving = trees.given(primals)
    parts = []
    if not all(map(_is_zero, tangents[count:])):
        moved = [*primals[:count], *map(ad.instantiate_zeros, tangents[count:])]
        parts.append(_linear.bind(*moved, rule=rule, trees=trees, jaxpr=jaxpr))
    if not all(map(_is_zero, tangents[:count])):
        changes = rule.derivative(fixed, moving, _changes(fixed, tangents[:count]))
        parts.append(jax.tree.leaves(changes))
    out = _linear.bind(*primals, rule=rule, trees=trees, jaxpr=jaxpr)
    return out, [sum(terms[1:], terms[0]) for terms in zip(*parts, strict=True)]


def _changes(fixed: tuple[Any, ...], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The tangents of each argument, or None where all of them are zero."""
    left = list(tangents)

    def next_of(part: Any) -> Any:
        leaves, tree = _flattened(part)
        mine = [left.pop(0) for _ in leaves]
        still = all(map(_is_zero, mine))
        return None if still else tree.unflatten(map(ad.instantiate_zeros, mine))

    return tuple(map(next_of, fixed))


def _flattened(tree: Any) -> tuple[list[Any], Any]:
    """``jax.tree.flatten``, whose structures have no types."""
    return jax.tree.flatten(tree)


def _is_zero(tangent: Any) -> bool:
    return isinstance(tangent, ad.Zero)


def _transpose(cotangents: Any, *arrays: Any, rule: Rule, trees: _Trees, **_: Any) -> list[Any]:
    assert rule.transpose is not None, "nothing moves"
    count = trees.fixed.num_leaves
    cotangent = trees.result.unflatten(map(ad.instantiate_zeros, cotangents))
    found = jax.tree.leaves(rule.transpose()(trees.fixed.unflatten(arrays[:count]), cotangent))
    wanted = map(ad.is_undefined_primal, arrays[count:])
    return [None] * count + [c if w else None for c, w in zip(found, wanted, strict=True)]


def _batch(arrays: Any, axes: Any, *, rule: Rule, trees: _Trees, **_: Any) -> tuple[Any, Any]:
    size = next(a.shape[d] for a, d in zip(arrays, axes, strict=True) if d is not None)
    count = trees.fixed.num_leaves
    first = [a if d is None else jnp.moveaxis(a, d, 0) for a, d in zip(arrays, axes, strict=True)]
    for i, axis in enumerate(axes[count:], count):
        if axis is None:
            first[i] = jnp.broadcast_to(first[i], (size, *first[i].shape))
    batched = _batched(rule, [None if d is None else 0 for d in axes[:count]], size)
    out = jax.tree.leaves(batched(*trees.given(first)))
    return out, [0] * len(out)


def _batched(rule: Rule, axes: list[int | None], size: int) -> Rule:
    """The rule of all members; leaves of fixed arguments have these axes, all else has the first.

    Changes of a fixed argument have the axes of the argument.
    """

    def members(of: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def every(fixed: Any, moving: Any) -> Any:
            leaves, tree = _flattened(fixed)
            one = lambda leaves, moving: of(tree.unflatten(leaves), moving)  # noqa: E731
            return jax.vmap(one, (axes, 0), axis_size=size)(leaves, moving)

        return every

    def derivative(fixed: Any, moving: Any, changes: Any) -> Any:
        leaves, tree = _flattened(fixed)
        changed, change_tree = _flattened(changes)
        of = jax.tree.leaves([c is not None for c in changes])
        moves = [m for part, m in zip(fixed, of, strict=True) for _ in jax.tree.leaves(part)]
        change_axes = [axis for axis, m in zip(axes, moves, strict=True) if m]

        def one(leaves: Any, moving: Any, changed: Any) -> Any:
            return rule.derivative(tree.unflatten(leaves), moving, change_tree.unflatten(changed))

        every = (axes, 0, change_axes)
        return jax.vmap(one, every, axis_size=size)(leaves, moving, changed)

    transpose, like = rule.transpose, rule.like
    return Rule(
        members(rule.function),
        derivative,
        None if transpose is None else lambda: _batched(transpose(), axes, size),
        None if like is None else members(like),
    )


_linear = Primitive("longnn_linear")
_linear.multiple_results = True
_linear.def_impl(_run)
_linear.def_effectful_abstract_eval(lambda *_, jaxpr, **__: (jaxpr.out_avals, jaxpr.effects))
mlir.register_lowering(_linear, _lower)
ad.primitive_jvps[_linear] = _jvp
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batch
