"""What trained models say of nodes: probabilities, classes by name, and the table of both."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Float, Float64, Shaped

from longnn.data.frames import frame, write_table
from longnn.data.labels import Kind
from longnn.graphs.checks import check_range
from longnn.training.outputs import probabilities_of
from longnn.training.scores import counted

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """The predictions of an ensemble of B models for n nodes; ``numpy.asarray`` gives their mean.

    The probability of a class is its mean over the models (Lakshminarayanan et al. 2017,
    arXiv 1612.01474, section 2.4); a real value is the mean of their values.

    Attributes:
        nodes: [n] the names of the nodes, whole numbers or texts.
        outputs: [B, n, C] log-probabilities of each model, values with C = 1, or log-odds.
        classes: the C names of the classes; empty where values are predicted.
        title: what was trained on what.
        multilabel: whether a node may have several of the labels that ``classes`` names; the
            outputs are then log-odds.

    Example:
        >>> outputs = np.log([[[0.9, 0.1], [0.4, 0.6]], [[0.7, 0.3], [0.5, 0.5]]])
        >>> found = Predictions(np.array(["ann", "bob"]), outputs, ("cat", "dog"))
        >>> np.asarray(found)
        array([[0.8 , 0.2 ],
               [0.45, 0.55]])
        >>> found.predicted, found.abstain(0.7)
        (array(['cat', 'dog'], dtype='<U3'), array(['cat', None], dtype=object))
    """

    nodes: Shaped[np.ndarray, " n"]
    outputs: Float[np.ndarray, "B n C"]
    classes: tuple[str, ...]
    title: str = ""
    multilabel: bool = False

    @property
    def probabilities(self) -> Float64[np.ndarray, "n C"]:
        """The mean over the models of the probability of each class or label.

        Raises:
            ValueError: if the models predict values.
        """
        self._check_classes("probabilities")
        kind: Kind = "multilabel" if self.multilabel else "classes"
        return probabilities_of(self.outputs.astype(np.float64), kind).mean(axis=0)

    @property
    def values(self) -> Float64[np.ndarray, " n"]:
        """The mean over the models of the predicted values.

        Raises:
            ValueError: if the models predict classes.
        """
        if self.classes:
            raise ValueError(f"{self.title or 'this'} predicts classes; use .probabilities")
        return self.outputs[..., 0].mean(axis=0, dtype=np.float64)

    @property
    def predicted(self) -> Shaped[np.ndarray, " n"]:
        """The name of the most probable class of each node.

        Raises:
            ValueError: if the models predict values, or several labels a node.
        """
        self._check_one("predicted class")
        return np.array(self.classes)[self.probabilities.argmax(axis=1)]

    @property
    def confidence(self) -> Float64[np.ndarray, " n"]:
        """The probability of the predicted class.

        Raises:
            ValueError: if the models predict values, or several labels a node.
        """
        self._check_one("confidence")
        return self.probabilities.max(axis=1)

    def abstain(self, threshold: float) -> Shaped[np.ndarray, " n"]:
        """The predicted class of each node, None where its confidence is below a threshold.

        How many nodes a threshold leaves, and how well they are predicted, is ``run.coverage()``.

        Args:
            threshold: in [0, 1].

        Raises:
            ValueError: for another threshold, or if the models predict values.
        """
        check_range("threshold", threshold, 0, 1, "[]")
        predicted = self.predicted.astype(object)
        predicted[self.confidence < threshold] = None
        return predicted

    def columns(self, threshold: float | None = None) -> dict[str, Shaped[np.ndarray, " n"]]:
        """The table by columns: node, class, probability and P(NAME) of each class; or node, value.

        Of several labels a node there are node and P(NAME) alone.

        Args:
            threshold: nodes below it have no class (`abstain`); None: every node has one.

        Raises:
            ValueError: for a threshold outside of [0, 1], or of values.
        """
        if not self.classes and threshold is None:
            return {"node": self.nodes, "value": self.values}
        each = zip(self.classes, self.probabilities.T, strict=True)
        of_class = {f"P({name})": values for name, values in each}
        if self.multilabel and threshold is None:
            return {"node": self.nodes, **of_class}
        named = self.predicted if threshold is None else self.abstain(threshold)
        return {"node": self.nodes, "class": named, "probability": self.confidence, **of_class}

    def to_frame(self, threshold: float | None = None) -> "pandas.DataFrame":
        """The table of `columns` in pandas, one row a node.

        Args:
            threshold: see `columns`.

        Raises:
            ModuleNotFoundError: where pandas is not installed.
        """
        return frame(self.columns(threshold))

    def save(self, path: str | Path, threshold: float | None = None) -> None:
        """Writes the table of `columns` into a csv or parquet file.

        Args:
            path: a name that ends in .csv or .parquet (needs pyarrow); a file that is there is
                replaced.
            threshold: see `columns`.

        Raises:
            ValueError: for another ending, or another threshold than `columns` takes.
            OSError: if the file cannot be written.
        """
        write_table(path, self.columns(threshold))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        found = self.probabilities if self.classes else self.values
        return found if dtype is None else found.astype(np.dtype(dtype))

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        models, nodes, _ = self.outputs.shape
        of = f" of {self.title}" if self.title else ""
        several = "labels" if self.multilabel else "classes"
        what = f"{len(self.classes)} {several}" if self.classes else "values"
        return (
            f"Predictions{of}: {counted(nodes, 'node')}, {what}, mean of "
            f"{counted(models, 'model')}; next: .predicted, .confidence, .save('FILE.csv')"
        )

    def _check_one(self, what: str) -> None:
        self._check_classes("probabilities")
        if self.multilabel:
            raise ValueError(
                f"{self.title or 'this'} predicts several labels a node, which have no {what}; use "
                ".probabilities, of which those above 1/2 are predicted"
            )

    def _check_classes(self, what: str) -> None:
        if not self.classes:
            raise ValueError(
                f"{self.title or 'this'} predicts real values, which have no {what}; use .values"
            )
