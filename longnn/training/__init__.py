"""Training: every split and seed of a model as one batch."""

from longnn.training.drive import Progress
from longnn.training.fit import Fit, fit, score
from longnn.training.loop import Problem
from longnn.training.metrics import METRICS, accuracy, roc_auc
from longnn.training.optimizer import Optim

__all__ = ["METRICS", "Fit", "Optim", "Problem", "Progress", "accuracy", "fit", "roc_auc", "score"]
