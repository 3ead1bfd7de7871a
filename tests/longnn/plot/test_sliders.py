"""A figure under sliders: moved, saved, and where there is nobody to move them."""

import base64
import sys
from io import BytesIO
from types import ModuleType, SimpleNamespace

import pytest
from matplotlib.figure import Figure

from longnn.plot import sliders
from longnn.plot._sliders import Sliders, has_front_end

WIDGET = "application/vnd.jupyter.widget-view+json"
RANGES = {"alpha": (-0.9, 3, 0.1, 0.0), "K": (0, 10, 1, 5)}


def draw(alpha: float, K: int) -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot(range(K + 1), [alpha] * (K + 1), marker="o")
    return figure


def png(**values) -> bytes:
    buffer = BytesIO()
    draw(**values).savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def test_it_is_a_picture_where_no_front_end_is():
    shown = sliders(draw, **RANGES)._repr_mimebundle_()
    assert shown.keys() == {"text/plain", "image/png"}
    assert base64.b64decode(shown["image/png"]) == png(alpha=0.0, K=5)
    assert shown["text/plain"] == "figure at alpha = 0, K = 5"


def test_a_moved_slider_draws_again():
    """The picture on the screen, and the one that is saved if the cell is shown again."""
    live = Sliders(draw, RANGES, live=True)
    *controls, image = live.widget.children
    assert [control.description for control in controls] == ["alpha", "K"]
    assert image.value == png(alpha=0.0, K=5)
    live.controls["alpha"].value = 1.5
    live.controls["K"].value = 3
    assert live.values == {"alpha": 1.5, "K": 3}
    assert image.value == live.picture == png(alpha=1.5, K=3)


def test_a_slider_has_its_range():
    live = Sliders(draw, RANGES, live=True)
    for name, (low, high, step, first) in RANGES.items():
        control = live.controls[name]
        assert (control.min, control.max, control.step, control.value) == (low, high, step, first)
    assert isinstance(live.controls["K"].value, int)


def test_a_widget_is_shown_with_its_picture():
    """Pages that render saved notebooks take the picture, front ends the widget."""
    live = Sliders(draw, RANGES, live=True)
    shown = live._repr_mimebundle_()
    assert shown.keys() == {"text/plain", "image/png", WIDGET}
    assert shown[WIDGET]["model_id"] == live.widget.model_id
    assert base64.b64decode(shown["image/png"]) == png(alpha=0.0, K=5)


@pytest.mark.parametrize("answers", [True, False])
def test_who_sends_the_cell_decides(monkeypatch, answers):
    parent = {"content": {"allow_stdin": answers}}
    kernel = SimpleNamespace(get_parent=lambda: parent)
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert has_front_end() == answers
    assert bool(sliders(draw, **RANGES).controls) == answers


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "longnn\[notebooks\]"'):
        Sliders(draw, RANGES, live=True)


BAD = {
    "nothing": ({}, "nothing to move: give a range"),
    "three numbers": ({"K": (0, 10, 1)}, r"K needs \(lowest, highest, step, first value\), got"),
    "first outside": ({"K": (0, 10, 1, 11)}, "K needs lowest <= first value <= highest"),
    "no step": ({"K": (0, 10, 0, 5)}, "step > 0"),
}


@pytest.mark.parametrize(("ranges", "message"), BAD.values(), ids=BAD)
def test_bad_ranges_are_named(ranges, message):
    with pytest.raises(ValueError, match=message):
        sliders(draw, **ranges)
