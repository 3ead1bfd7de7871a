"""Makes the batch of runs that a model, its trials, splits and seeds stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Integer

from longnn.data.splits import Splits
from longnn.graphs.device import on_device
from longnn.training.builder import (
    Builder,
    ModelClass,
    Trial,
    program_of,
    traced_and_fixed,
    with_rates,
)
from longnn.training.check import check_options, check_problem
from longnn.training.check_rows import check_spread
from longnn.training.device_counts import Devices, spread_over
from longnn.training.loop import Member, Problem, Program, RunState, initial_state, predict
from longnn.training.options import values_of
from longnn.training.spreading import ONE, RUNS, SHARED, Spread


class Run(NamedTuple):
    """The place of one run in a batch."""

    trial: int
    seed: int
    split: int


@dataclass(frozen=True)
class Batch:
    """B runs, whose states are made when they are trained; all arrays but the problem's are numpy.

    Attributes:
        program: the compiled program's static part, which all runs share.
        problem: operator, features and labels, which all runs share.
        splits: of the N nodes.
        metric: the name of the metric that selects the epoch.
        runs: the place of each run.
        builder: makes the model.
        values: name -> [B, ...] traced settings.
        members: leaves [B, ...], whose settings are still empty, and whose keys are still what they
            are made of: [B, 2] seed and number of the split.
        spread: the devices that the runs are trained on.
    """

    program: Program
    problem: Problem
    splits: Splits
    metric: str
    runs: list[Run]
    builder: Builder
    values: dict[str, Float[np.ndarray, "B ..."]]
    members: Member
    spread: Spread = ONE

    def begin(self, index: Integer[np.ndarray, " b"]) -> tuple[RunState, Member]:
        """Initial states of the runs at ``index`` [b]; leaves [b, ...] on the devices."""
        first = self.spread.put(self._at(index))
        return _start(self.builder, self.program, *first, spread=self.spread)

    def shapes(self, size: int) -> tuple[RunState, Member]:
        """The shapes of what :meth:`begin` gives for so many runs."""
        first = self._at(np.zeros(size, int))
        return _start.eval_shape(self.builder, self.program, *first)

    def lowered(self, size: int) -> list[jax.stages.Lowered]:
        """The programs of so many runs beside training: their first values, and their outputs."""
        over = self.spread
        first = over.shapes(self._at(np.zeros(size, int)))
        state, members = over.shapes(self.shapes(size))
        return [
            _start.lower(self.builder, self.program, *first, spread=over),
            predict.lower(self.program, state.params, members.settings, self.problem, spread=over),
        ]

    def alone(self) -> "Batch":
        """The same on one device, of shapes alone: what does not depend on the devices."""
        problem = jax.tree.map(partial(ONE.shape, spec=SHARED), self.problem)
        return replace(self, problem=problem, spread=ONE)

    def _at(self, index: Integer[np.ndarray, " b"]) -> tuple[dict[str, np.ndarray], Member]:
        return jax.tree.map(lambda leaf: leaf[index], (self.values, self.members))


def make_batch(
    model: ModelClass,
    problem: Problem,
    splits: Splits,
    classes: int,
    trials: Sequence[Trial],
    metric: str,
    devices: Devices = 1,
) -> Batch:
    """The runs of every (trial, seed, split), in this order.

    Floats and arrays of them are traced, so that equal programs differing in them share a
    compilation; all others are static, must be hashable, and equal in all trials.

    Args:
        model: the class, see ``longnn.fit``.
        problem: N nodes.
        splits: S splits of the N nodes.
        classes: C, the width of the outputs, >= 1.
        trials: settings, optimizer and seeds of each; what the model thinks of the settings is
            asked of the first only (``longnn.training.refused``).
        metric: the name of the metric that selects the epoch.
        devices: over how many the runs are spread at most.

    Raises:
        ValueError: see ``longnn.fit``.
    """
    check_problem(problem, splits, classes, metric)
    check_options([trial.optim for trial in trials], problem, splits, classes, metric)
    if not all(len(trial.seeds) for trial in trials):
        raise ValueError("seeds is empty; give at least one, for instance seeds=(0,)")
    traced, fixed = traced_and_fixed(trials)
    builder = Builder(model, problem.features.shape[1], classes, problem.features.dtype, fixed)
    program = program_of(builder, traced, trials, metric)
    check_spread(problem, program, builder, traced)
    trials = with_rates(program, trials)
    number = range(len(splits.part))
    runs = [
        Run(t, *pair) for t, trial in enumerate(trials) for pair in product(trial.seeds, number)
    ]
    members = _members(runs, problem, splits, trials, builder.dtype)
    optims = [trials[run.trial].optim for run in runs]
    labels, split = problem.labels_given(), np.array([run.split for run in runs])
    members = members._replace(
        options=values_of(
            program.options, optims, labels, splits.train[split], classes, builder.dtype
        )
    )
    of_trial = np.array([run.trial for run in runs])
    values = {k: np.asarray(v, builder.dtype)[of_trial] for k, v in traced.items()}
    spread = spread_over(devices, len(runs))
    if problem.rows is not None:
        spread = Spread(problem.rows.mesh)
    shared = spread.shared(jax.tree.map(_there, problem))
    return Batch(program, shared, splits, metric, runs, builder, values, members, spread)


Leaf = Array | np.ndarray | np.generic | float | jax.ShapeDtypeStruct


def _there(leaf: Leaf) -> Leaf:
    """An array of the device; a fixed basis that was read from the disk is one of the host.

    Terms that are read piece by piece are a shape here, and stay one.
    """
    return leaf if isinstance(leaf, Array | jax.ShapeDtypeStruct) else on_device(leaf)


def _members(
    runs: list[Run], problem: Problem, splits: Splits, trials: Sequence[Trial], dtype: jnp.dtype
) -> Member:
    index = np.array([run.split for run in runs])
    optims = [trials[run.trial].optim for run in runs]
    leaves: dict[str, Any] = {
        "key": np.array([(run.seed, run.split) for run in runs]),
        "train": problem.masks(splits.train[index]),
        "val": problem.masks(splits.val[index]),
        "patience": np.array([o.patience for o in optims], np.int32),
        "max_epochs": np.array([o.max_epochs for o in optims], np.int32),
    }
    rates = _rates([optim.rates or {} for optim in optims], optims[0].decay == "theta", dtype)
    return Member(settings=nnx.State({}), options={}, **leaves, **rates)


def _rates(rates: list, by_theta: bool, dtype: jnp.dtype) -> dict:
    """The rates of every group and the decay of theta, as arrays [B]."""
    undecayed = ("coefficients", "decomposition") if by_theta else ()

    def rate(group: str, name: str) -> np.ndarray:
        off = name == "weight_decay" and group in undecayed
        return np.array([0.0 if off else r[group][name] for r in rates], dtype)

    groups = {g: {name: rate(g, name) for name in ("lr", "weight_decay")} for g in rates[0]}
    of_theta = [r["coefficients"]["weight_decay"] if by_theta else 0.0 for r in rates]
    return {"rates": groups, "theta_decay": np.array(of_theta, dtype)}


# random numbers are much of the code that XLA makes of this; optimized less, it makes the same
# numbers and compiles in a third of the time
@partial(
    jax.jit,
    static_argnames=("builder", "program", "spread"),
    compiler_options={"xla_backend_optimization_level": 1},
)
def _start(
    builder: Builder,
    program: Program,
    values: Mapping[str, Array],
    members: Member,
    spread: Spread = ONE,
) -> tuple[RunState, Member]:
    """Initial states of all members, and the members with their keys and settings."""

    def one(traced: Mapping[str, Array], member: Member) -> tuple[RunState, Member]:
        seed, split = member.key
        first, dropout = jax.random.split(jax.random.fold_in(jax.random.key(seed), split))
        _, params, rest = builder(first, traced)
        member = member._replace(key=dropout, settings=rest)
        return initial_state(program, params, member), member

    return spread.held(spread.mapped(jax.vmap(one), (RUNS, RUNS), RUNS)(values, members))
