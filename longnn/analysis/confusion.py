"""Which classes are taken for which; training counts it, too, so that it lies there."""

from longnn.training.confusions import confusion as confusion

__all__ = ["confusion"]
