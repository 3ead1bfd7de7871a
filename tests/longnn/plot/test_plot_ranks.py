"""The critical-difference figure: who stands where, and whom a bar joins."""

import io

import numpy as np
import pytest

from longnn import plot

RANKS = {"mlp": 2.9, "gcn": 1.2, "longnn": 1.9}


def _bars(axes):
    return [line for line in axes.lines if line.get_linewidth() == 4]


def test_models_stand_at_their_ranks_from_the_best_down():
    (axes,) = plot.ranks(RANKS, 0.1, "five datasets").axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(np.ravel(dot.get_xdata())[0]) for dot in dots] == [1.2, 1.9, 2.9]
    heights = [float(np.ravel(dot.get_ydata())[0]) for dot in dots]
    assert heights == sorted(heights)
    low, high = axes.get_ylim()
    assert low > high, "the first row is the upper one"
    words = [text.get_text() for text in axes.texts]
    assert words[:3] == ["gcn  1.20", "longnn  1.90", "mlp  2.90"]
    assert words[3] == "critical difference 0.10 (level 0.05)"
    assert axes.get_title() == "five datasets"
    assert _bars(axes) == []


def test_bars_join_those_that_do_not_differ():
    (axes,) = plot.ranks(RANKS, 1.05).axes
    assert [tuple(bar.get_xdata()) for bar in _bars(axes)] == [(1.2, 1.9), (1.9, 2.9)]
    (axes,) = plot.ranks(RANKS, 2.0).axes
    assert [tuple(bar.get_xdata()) for bar in _bars(axes)] == [(1.2, 2.9)]
    scale = [line for line in axes.lines if line.get_marker() == "|"]
    assert [tuple(line.get_xdata()) for line in scale] == [(1, 3.0)]
    assert axes.get_xlim()[1] >= 3.0


def test_it_can_be_saved_and_takes_two_models_at_least():
    buffer = io.BytesIO()
    plot.ranks({"a$b$": 1.0, "c": 2.0}, 0.5).savefig(buffer, format="png")
    assert buffer.getvalue().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"at least two models, got \['a'\]"):
        plot.ranks({"a": 1.0}, 0.5)
