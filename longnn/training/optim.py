"""How to train: rates, or any optimizer of optax, and when to stop."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import optax

from longnn.graphs.checks import check_word
from longnn.graphs.oneline import brief
from longnn.training.losses import ClassWeights, Loss, check_alone, check_class_weights
from longnn.training.optimizer import Rates, Transformation, check_groups, check_rates
from longnn.training.ranges import check_setting
from longnn.training.recipe import made_of
from longnn.training.schedules import Schedule, ScheduleName, as_schedule
from longnn.training.stopping import PatienceCounts, check_stop

DEFAULT_RATES: Rates = {
    "mlp": {"lr": 0.01, "weight_decay": 5e-4},
    "decomposition": {"lr": 0.01, "weight_decay": 0.0},
    "coefficients": {"lr": 0.01, "weight_decay": 0.0},
    "basis": {"lr": 0.01, "weight_decay": 0.0},
}
"""Rates of Adam for the groups of this library's models, as in ``conf/optim/adam.yaml``."""

OTHER_RATE = {"lr": 0.01, "weight_decay": 0.0}
"""Rates of a group that `DEFAULT_RATES` does not know."""

Decay = Literal["factors", "theta"]
DropoutBits = Literal["hash", "threefry"]


@dataclass(frozen=True)
class Optim:
    """How to train: Adam with rates for each group of parameters, or any optax transformation.

    Attributes:
        rates: the learning rate and the coupled weight decay of each optimizer group, for Adam,
            both >= 0; None: 0.01 everywhere, with a decay of 5e-4 in group "mlp", which trains
            every model.
        max_epochs: the most epochs that a run is trained for, >= 1.
        patience: a run stops at the (patience + 1)-th consecutive epoch whose validation score is
            strictly below the best one, >= 0.
        decay: "factors" decays w and eta as published; "theta" takes the decay of group
            "coefficients" on theta itself, which penalises the norm of the learned filter
            (Parseval).
        dropout_bits: "hash" (cheap, ``longnn.models``) or "threefry" (jax's generator).
        transformation: an optax transformation, which then replaces Adam, or one for each
            optimizer group. Each run of a batch keeps a state of its own, as if it were trained
            alone. One object is compiled once: make it once, and use it again. Its numbers are part
            of the program; those of a ``longnn.training.Recipe``, and of a config, are traced.
        schedule: how the learning rates go from epoch to epoch: "constant", "cosine",
            "warmup_cosine", "step" or "plateau", or one of these with other numbers, such as
            ``longnn.training.Cosine(floor=0.1)``. Updates of a transformation are scaled likewise.
        clip: the greatest norm of the gradient of all parameters together, > 0, before decay and
            Adam; None: it is not clipped.
        ema: d in [0, 1): every epoch evaluates, selects and keeps the average of the weights so
            far with factors d^age (Polyak); None: the weights themselves.
        class_weights: "balanced" (N / (C N_c) over the training nodes of each run), or a number
            >= 0 for each class, for the mean over nodes; None: nodes count alike.
        label_smoothing: e in [0, 1), the share of each label that is spread over all classes.
        loss: one's own in place of the task's: ``loss(outputs, labels, mask) -> scalar``, of the
            log-probabilities (or values) [N, C], the labels [N] and the nodes that count [N],
            written in ``jax.numpy``. One function is compiled once.
        stop: what selects the epoch and stops a run: "val" (the validation score), "val_loss",
            "loss" (of the training part), "train" (its score), or a part and a metric, such as
            "val_macro_f1".
        patience_counts: "below" counts epochs strictly below the best one, and selects the last
            best one; "not_better" counts all that are not better, and selects the first.

    Raises:
        ValueError: if a value is out of its range or of another kind, if there are both rates and
            a transformation, if decay="theta" comes with a transformation, or if class weights or
            smoothing come with a loss of one's own.

    Example:
        >>> import longnn, optax
        >>> longnn.Optim(max_epochs=100).patience
        200
        >>> momentum = longnn.Optim(transformation=optax.sgd(0.1, momentum=0.9))
        >>> by_group = longnn.Optim(
        ...     transformation={"mlp": optax.adamw(0.01), "basis": optax.sgd(0.1)}
        ... )
    """

    rates: Rates | None = None
    max_epochs: int = 1000
    patience: int = 200
    decay: Decay = "factors"
    dropout_bits: DropoutBits = "hash"
    transformation: Transformation | None = None
    schedule: Schedule | ScheduleName = "constant"
    clip: float | None = None
    ema: float | None = None
    class_weights: ClassWeights | None = None
    label_smoothing: float = 0.0
    loss: Loss | None = None
    stop: str = "val"
    patience_counts: PatienceCounts = "below"

    __repr__ = brief

    def __post_init__(self) -> None:
        for name in ("max_epochs", "patience", "clip", "ema", "label_smoothing"):
            check_setting(name, getattr(self, name))
        check_word("patience_counts", self.patience_counts, PatienceCounts)
        check_class_weights(self.class_weights)
        check_stop(self.stop)
        as_schedule(self.schedule)
        if self.loss is not None:
            check_alone(self.loss, self.class_weights, self.label_smoothing)
        check_word("decay", self.decay, Decay)
        check_word("dropout_bits", self.dropout_bits, DropoutBits)
        if self.transformation is not None:
            _check_transformation(self)
        if self.rates is not None:
            check_rates(self.rates)
            if self.decay == "theta" and "coefficients" not in self.rates:
                raise ValueError(
                    "decay='theta' takes its strength from the rates of group 'coefficients'"
                )

    def for_groups(self, groups: set[str]) -> "Optim":
        """The same with rates for each of a model's optimizer groups.

        Args:
            groups: the names of the groups that the model's parameters are in.

        Raises:
            ValueError: if a group has neither rates nor a transformation.
        """
        if self.transformation is not None:
            made = made_of(self.transformation)
            if isinstance(made, Mapping):
                _check_transformed(groups, made)
            return replace(self, rates=None)
        if self.rates is None:
            named = groups | ({"coefficients"} if self.decay == "theta" else set())
            return replace(
                self, rates={name: DEFAULT_RATES.get(name, OTHER_RATE) for name in sorted(named)}
            )
        check_groups(groups, self.rates)
        return self


OptimLike: TypeAlias = Optim | Transformation
"""What says how to train: an Optim, an optax transformation, or one for each optimizer group."""


def as_optim(given: OptimLike | None) -> Optim:
    """The Optim that is meant: None is the default one, a transformation replaces its Adam.

    Raises:
        ValueError: if it is of another kind.
    """
    if given is None:
        return Optim()
    return given if isinstance(given, Optim) else Optim(transformation=given)


def _check_transformation(optim: Optim) -> None:
    """Raises ValueError unless the transformation is optax's and goes with the other settings."""
    given = made_of(optim.transformation)
    if isinstance(given, Mapping):
        wrong = {k: v for k, v in given.items() if not isinstance(v, optax.GradientTransformation)}
        if wrong or not given:
            raise ValueError(
                "by group, optim needs an optax transformation for each, such as "
                f"{{'mlp': optax.adam(0.01)}}, got {wrong or dict(given)}; learning rates of Adam "
                "are given as longnn.Optim(rates=...)"
            )
    elif not isinstance(given, optax.GradientTransformation):
        raise ValueError(
            "optim must be a longnn.Optim, an optax transformation or a mapping of groups to "
            f"these, got {given!r}; longnn.Optim() is Adam with rates that train every model"
        )
    if optim.rates is not None:
        raise ValueError(
            "rates are those of Adam, which the transformation replaces; give one of the two"
        )
    if optim.decay == "theta":
        raise ValueError(
            "decay='theta' takes its strength from the rates of Adam, which the transformation "
            "replaces; use decay='factors', and weight decay in the transformation "
            "(optax.add_decayed_weights)"
        )


def _check_transformed(groups: set[str], by_group: Mapping[str, object]) -> None:
    missing = sorted(groups - set(by_group))
    if missing:
        raise ValueError(
            f"the model has parameters in optimizer group(s) {missing}, but transformations are "
            f"given for {sorted(by_group)} only; add one for each"
        )
