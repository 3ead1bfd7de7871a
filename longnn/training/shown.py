"""How what was trained looks in a notebook, and its runs as columns."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from jaxtyping import Float, Real, Shaped

from longnn.training.picture import as_image, svg_curves

Response = Callable[[Real[np.ndarray, " G"]], Float[np.ndarray, "B G C"]]
"""g(lambda) of B runs."""

EXPONENTS = ("alpha", "beta")
"""Curves whose values at the selected epochs are columns."""


def columns_of(
    runs: Sequence[Mapping[str, Any]],
    scores: Mapping[str, Float[np.ndarray, " B"]],
    exponents: Mapping[str, Float[np.ndarray, " B"]],
) -> dict[str, Shaped[np.ndarray, " B"]]:
    """The table of B runs by columns: trial (where there are several), seed, split, scores, epoch,
    epochs, diverged, exponents.

    Args:
        runs: of each run trial, split, seed, best_epoch, epochs, diverged.
        scores: part -> [B] percent.
        exponents: name -> [B] at the selected epochs.
    """
    named = {"trial": "trial", "seed": "seed", "split": "split"}
    after = {"epoch": "best_epoch", "epochs": "epochs", "diverged": "diverged"}
    taken = lambda names: {  # noqa: E731
        shown: np.array([run[key] for run in runs])
        for shown, key in names.items()
        if key in runs[0]
    }
    return {**taken(named), **scores, **taken(after), **exponents}


def html_block(lines: Sequence[str], picture: str = "", below: str = "") -> str:
    """A title and lines of text, a picture and a line below it, as HTML.

    Args:
        lines: the title first; all of them are escaped here.
        picture: HTML.
        below: HTML.
    """
    title, *rest = (escape(line).replace("+-", "&#177;") for line in lines)
    parts = [f"<strong>{title}</strong>", *rest, picture, below]
    return f"<div>{'<br>'.join(part for part in parts if part)}</div>"


def filter_image(response: Response) -> str:
    """The median over runs of the learned filter as an HTML image; nothing of a model without.

    Args:
        response: of :class:`longnn.training.Fit` or of an opened run.
    """
    lam = np.linspace(0, 2, 101)
    try:
        values = np.median(response(lam), axis=0).T
    except ValueError:  # its filters are no functions of lambda, or it has none
        return ""
    if not np.isfinite(values).all():
        return ""
    return as_image(
        svg_curves(lam, values, "g(λ) over λ"), "learned filter g over lambda in [0, 2]"
    )
