"""What is compiled and what it works on: the static program, one run's own values, its state."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int, Real

from longnn.graphs.oneline import brief
from longnn.models.features import Features
from longnn.operators.protocol import Operator
from longnn.training.extras import Extras, first_extras
from longnn.training.metrics import Metric
from longnn.training.optimizer import Static, from_static, grouped_adam
from longnn.training.options import PLAIN, Options, Values
from longnn.training.rows import Rows
from longnn.training.task import CLASSIFICATION, Task


class Problem(NamedTuple):
    """What all runs of a batch share."""

    operator: Operator
    features: Features
    labels: Real[Array, "N ..."]  # -1 where unlabelled; real for regression, NaN where unlabelled;
    # [N, C] of 0, 1 and -1 (not known) for a multi-label metric
    rows: Rows | None = None  # where nodes are spread over devices: which node each row is

    def __repr__(self) -> str:
        return brief(self)

    def given(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """Values of all rows, on this axis, in the order of the nodes as they were given."""
        return values if self.rows is None else values.take(self.rows.blocks.row, axis)

    def fetched(self, values: Array, axis: int = 0) -> np.ndarray:
        """The same of an array on the devices."""
        return np.asarray(values) if self.rows is None else self.rows.fetched(values, axis)

    def labels_given(self) -> np.ndarray:
        """The labels on the host, in the order of the nodes as they were given."""
        return self.fetched(self.labels)

    def masks(self, masks: Bool[np.ndarray, "B N"]) -> Bool[np.ndarray, "B R"]:
        """Masks of nodes as masks of rows; rows without a node are in none."""
        return masks if self.rows is None else self.rows.blocks.inside(masks.T, False).T


class Member(NamedTuple):
    """What one run of a batch has of its own; every leaf is traced."""

    key: Array  # of dropout
    train: Bool[Array, " N"]
    val: Bool[Array, " N"]
    settings: nnx.State
    rates: dict[str, dict[str, Array]]  # empty where a transformation of optax trains
    theta_decay: Float[Array, ""]
    patience: Int[Array, ""]
    max_epochs: Int[Array, ""]
    options: Values  # of the options that the program has


class RunState(NamedTuple):
    """Carried from epoch to epoch."""

    params: nnx.State
    opt_state: optax.OptState
    best_params: nnx.State
    best_score: Array
    best_epoch: Array
    epoch: Array  # epochs completed
    below: Array  # consecutive epochs strictly below the best, or not better
    running: Array
    diverged: Array
    extras: Extras  # of the options that the program has


@dataclass(frozen=True)
class Program:
    """The static part: hashable, so that equal programs share one compilation."""

    graphdef: nnx.GraphDef
    labels: tuple[str, ...]  # optimizer group of each parameter leaf
    metric: Metric
    penalised: bool  # whether theta_decay acts
    task: Task = CLASSIFICATION
    threefry: bool = False  # dropout from jax's generator instead of the hash
    transformation: Static | None = None  # of optax, in place of Adam
    options: Options = PLAIN

    def model(self, params: nnx.State, settings: nnx.State) -> nnx.Module:
        """The module with these parameters."""
        return nnx.merge(self.graphdef, params, settings)

    def optimizer(self, params: nnx.State, member: Member) -> optax.GradientTransformationExtraArgs:
        """Adam with the rates of one member, or what replaces it, of gradients that are clipped."""
        labels = jax.tree.unflatten(jax.tree.structure(params), self.labels)
        if self.transformation is None:
            made = grouped_adam(labels, member.rates)
        else:
            numbers = member.options.get("transformation", ())
            made = from_static(self.transformation, labels, tuple(numbers))
        if "clip" in self.options.used:
            made = optax.chain(optax.clip_by_global_norm(member.options["clip"]), made)
        return optax.with_extra_args_support(made)


def best_val(state: RunState) -> Array:
    """[B] the validation scores of the epochs that are selected so far."""
    # what selects is this very score, unless something else does
    found: Array = state.extras.get("val", state.best_score)
    return found


def initial_state(program: Program, params: nnx.State, member: Member) -> RunState:
    """State of one run before its first epoch."""
    zero, dtype = jnp.zeros((), jnp.int32), jax.tree.leaves(params)[0].dtype
    return RunState(
        params=params,
        opt_state=program.optimizer(params, member).init(params),
        best_params=params,
        best_score=jnp.asarray(-jnp.inf, dtype),
        best_epoch=zero,
        epoch=zero,
        below=zero,
        running=jnp.asarray(True),
        diverged=jnp.asarray(False),
        extras=first_extras(program.options, params, dtype),
    )
