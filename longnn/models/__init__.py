"""Models: one file each, all on one trainer."""

from longnn.models.longnn import LonGNN
from longnn.models.mlp import MLP
from longnn.models.model import Model, Setting

__all__ = ["MLP", "LonGNN", "Model", "Setting"]
