"""Training: every split and seed of a model as one batch."""

from longnn.training.batch import Trial
from longnn.training.drive import Progress, Prune
from longnn.training.fit import Fit, fit, fit_each, score
from longnn.training.loop import Problem
from longnn.training.metrics import METRICS, accuracy, macro_f1, r2, roc_auc
from longnn.training.optimizer import Optim
from longnn.training.problem import graph_of, problem_of

__all__ = [
    "METRICS",
    "Fit",
    "Optim",
    "Problem",
    "Progress",
    "Prune",
    "Trial",
    "accuracy",
    "fit",
    "fit_each",
    "graph_of",
    "macro_f1",
    "problem_of",
    "r2",
    "roc_auc",
    "score",
]
