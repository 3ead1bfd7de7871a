"""A figure under sliders, which is a plain picture where nobody can move them."""

import base64
import io
import sys
from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

Range = tuple[float, float, float, float]
"""(lowest, highest, step, first value); integers give whole numbers."""


class Sliders:
    """What a notebook shows: the figure, and above it a slider for each argument of ``draw``.

    The picture of the first values goes into the notebook beside the widget, for pages that render
    saved notebooks; where no front end is (nbclient, a script) there is the picture alone.

    Attributes:
        values: what the sliders say now.
        controls: ipywidgets slider of each name; empty where no front end is.
        widget: sliders and picture, an ipywidgets box; None where no front end is.
        picture: PNG of the figure at ``values``.
    """

    def __init__(self, draw: Callable[..., Figure], ranges: dict[str, Range], live: bool) -> None:
        self._draw = draw
        self.values = {name: _checked(name, *limits)[3] for name, limits in ranges.items()}
        self.picture = _png(draw(**self.values))
        self.controls: dict[str, Any] = {}
        self.widget: Any = None
        if live:
            self.controls = {name: _slider(name, *limits) for name, limits in ranges.items()}
            self.widget = _box(list(self.controls.values()), self.picture)
        for control in self.controls.values():
            control.observe(self._moved, names="value")

    def _moved(self, change: Any) -> None:
        self.values = {name: control.value for name, control in self.controls.items()}
        self.picture = _png(self._draw(**self.values))
        self.widget.children[-1].value = self.picture

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For IPython: a front end takes the richest that it can show."""
        shown = ", ".join(f"{name} = {value:g}" for name, value in self.values.items())
        picture = base64.b64encode(self.picture).decode()
        bundle: dict[str, Any] = {"text/plain": f"figure at {shown}", "image/png": picture}
        if self.widget is not None:
            bundle |= self.widget._repr_mimebundle_() | bundle
        return bundle


def sliders(draw: Callable[..., Figure], **ranges: Range) -> Sliders:
    """A figure that is drawn again when a slider is moved; the last line of a notebook's cell.

    Args:
        draw: takes every name of ``ranges`` as a keyword, and returns a figure.
        ranges: (lowest, highest, step, first value) of each slider, in the order shown; four
            integers give whole numbers.

    Returns:
        What the notebook shows: with ipywidgets where a front end is, else the picture at the
        first values.

    Raises:
        ValueError: if there is no range, or one is not lowest <= first <= highest, step > 0.
        ModuleNotFoundError: if a front end is there and ipywidgets is not installed.
    """
    if not ranges:
        raise ValueError("nothing to move: give a range, such as alpha=(-0.9, 3.0, 0.1, 0.0)")
    return Sliders(draw, ranges, has_front_end())


def has_front_end() -> bool:
    """Whether the running cell came from a front end, at which somebody can be asked.

    Programs that execute notebooks (nbclient, also nbconvert and papermill) say that they answer
    no questions: ``allow_stdin`` of the message that asks for execution.
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


def _checked(name: str, *limits: float) -> Range:
    if len(limits) != 4:
        raise ValueError(f"{name} needs (lowest, highest, step, first value), got {limits}")
    low, high, step, first = limits
    if not (low <= first <= high and step > 0):
        raise ValueError(f"{name} needs lowest <= first value <= highest, step > 0, got {limits}")
    return limits


def _slider(name: str, low: float, high: float, step: float, first: float) -> Any:
    widgets = _ipywidgets()
    whole = all(isinstance(value, int) for value in (low, high, step, first))
    kind = widgets.IntSlider if whole else widgets.FloatSlider
    return kind(value=first, min=low, max=high, step=step, description=name)


def _box(controls: list[Any], picture: bytes) -> Any:
    """The widget that is shown: sliders, and the image last."""
    widgets = _ipywidgets()
    layout = {"align_self": "flex-start", "max_width": "100%"}  # its own size, not the page's
    image = widgets.Image(value=picture, format="png", layout=layout)
    return widgets.VBox([*controls, image])


def _ipywidgets() -> Any:
    try:
        import ipywidgets
    except ModuleNotFoundError as error:
        message = 'sliders need ipywidgets: pip install "longnn[notebooks]"'
        raise ModuleNotFoundError(message, name="ipywidgets") from error
    return ipywidgets


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()
