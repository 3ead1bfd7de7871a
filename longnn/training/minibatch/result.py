"""What training on stored terms gives: a fit whose outputs are streamed when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Bool, Float, Int64, Real

from longnn.data.labels import kind_of
from longnn.stores.terms import StoredTerms
from longnn.training.inputs import runs_of
from longnn.training.minibatch.anchor import anchored
from longnn.training.minibatch.files import write_predictions
from longnn.training.minibatch.outputs import all_outputs
from longnn.training.minibatch.reading import Terms
from longnn.training.predictions import Predictions
from longnn.training.result import Fit, Part

NodesAsked = Sequence[int] | Int64[np.ndarray, " n"]


@dataclass(frozen=True, repr=False)
class StoredFit(Fit):
    """A finished batch of B runs on N nodes whose terms lie on the disk.

    It is a :class:`longnn.training.Fit`, but keeps no outputs of nodes (``outputs`` is [B, 0, C]):
    scores, coverage, confusion and predictions read the terms of the nodes that they need, piece
    by piece. The curve "drift" is the bound on the error that the connection to the fixed basis
    added in each epoch, "drift_disk" the one that the type of the numbers on the disk adds
    (:mod:`longnn.training.minibatch.anchor`).

    Attributes:
        terms: on the disk.
        batch_nodes: the nodes of a piece that is read.
        anchor: (alpha, beta) of the Jacobi basis that terms are changed to when they are read;
            None: none is needed.
        classes: the C names of the classes; empty for real values.
    """

    terms: StoredTerms = field(kw_only=True)
    batch_nodes: int = field(kw_only=True)
    anchor: tuple[float, float] | None = field(default=None, kw_only=True)
    classes: tuple[str, ...] = field(default=(), kw_only=True)

    def predict(  # type: ignore[override]  # there is one graph, whose terms are known
        self, nodes: NodesAsked | None = None, *, runs: int | Sequence[int] | None = None
    ) -> Predictions:
        """What the models say of nodes of the graph whose terms are stored.

        Args:
            nodes: [n] in [0, N); None: all, whose outputs [B, N, C] must then fit into memory.
            runs: the numbers of the runs whose mean is taken; None: all.

        Raises:
            ValueError: if a node or a run is unknown.
        """
        known = self.terms.num_nodes
        asked = np.arange(known) if nodes is None else np.asarray(nodes)
        if asked.ndim != 1 or asked.dtype.kind not in "iu" or not len(asked):
            raise ValueError(f"nodes must be whole numbers [n], of at least one, got {nodes!r}")
        if asked.min() < 0 or asked.max() >= known:
            raise ValueError(
                f"nodes must lie in [0, {known:,}), got {asked.min()} to {asked.max()}"
            )
        outputs = self.outputs_at(asked, runs_of(runs, len(self.runs)))
        several = kind_of(self.metric) == "multilabel"
        return Predictions(asked, outputs, self.classes, self.title, several)

    def save_predictions(
        self, path: str | Path, *, runs: int | Sequence[int] | None = None
    ) -> None:
        """Writes the predictions of all N nodes piece by piece, in bounded memory.

        Args:
            path: that ends in .npy (probabilities [N, C], or values [N]) or in .parquet (node,
                class, probability and that of each class; needs pyarrow). A file that is there is
                replaced when the new one is complete.
            runs: the numbers of the runs whose mean is taken; None: all.

        Raises:
            ValueError: for another ending, or an unknown run.
            StoreError: if the disk is full, or a block of the terms is damaged.
        """
        piece = lambda start, stop: self.predict(np.arange(start, stop), runs=runs)  # noqa: E731
        write_predictions(path, piece, self.terms.num_nodes)

    def outputs_at(
        self, nodes: Int64[np.ndarray, " n"], runs: Int64[np.ndarray, " b"] | None = None
    ) -> Float[np.ndarray, "b n C"]:
        """Log-probabilities, values or log-odds of nodes at the selected epochs.

        Args:
            nodes: [n] at least one, in [0, N).
            runs: the numbers of runs; None: all.
        """
        chosen = np.arange(len(self.runs)) if runs is None else runs
        params, settings = jax.tree.map(lambda leaf: leaf[chosen], (self.params, self.settings))
        given = (self.program, params, settings, self.read_terms, nodes)
        return all_outputs(*given, min(self.batch_nodes, len(nodes)), self._dtype)

    @cached_property
    def read_terms(self) -> Terms:
        """The terms in the basis that the models were trained with at last."""
        return self.terms if self.anchor is None else anchored(self.terms, self.anchor, self._dtype)

    @property
    def _dtype(self) -> np.dtype:
        return np.dtype(jax.tree.leaves(self.params)[0].dtype)

    def _of(
        self, part: Part
    ) -> tuple[Float[np.ndarray, "B n C"], Real[np.ndarray, "n ..."], Bool[np.ndarray, "B n"]]:
        """Outputs, labels and masks of the nodes that are in a part of any split."""
        labels, masks = self._known(part)
        nodes = np.flatnonzero(masks.any(axis=0))
        return self.outputs_at(nodes), labels[nodes], masks[:, nodes]

    def __repr__(self) -> str:
        after = "next: .score(), .predict(nodes), .save_predictions(path), .response(lam), .curves"
        return "\n  ".join([*self._lines(), after])
