"""Curves as a small picture for notebooks: SVG text, without matplotlib."""

import base64
from html import escape

import numpy as np
from jaxtyping import Float, Real

WIDTH, HEIGHT, MARGIN = 360, 150, 26
"""Of the picture, in pixels."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Of the first six curves; further ones are grey."""


def svg_curves(x: Real[np.ndarray, " G"], values: Real[np.ndarray, "C G"], name: str) -> str:
    """C curves over one axis, with the ends of both axes written beside them.

    Args:
        x: [G] ascending.
        values: [C, G] finite.
        name: of the horizontal axis.

    Returns:
        An SVG document.
    """
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    across = _scaled(x, float(x[0]), float(x[-1]), MARGIN + 12, WIDTH - 8)
    high = high if high > low else low + 1
    up = _scaled(values, low, high, HEIGHT - MARGIN, 8)
    zero = float(_scaled(np.zeros(1), low, high, HEIGHT - MARGIN, 8)[0])
    lines = [_line(across, row, _colour(c)) for c, row in enumerate(up)]
    texts = [
        _text(MARGIN + 8, 14, "end", f"{high:.2g}"),
        _text(MARGIN + 8, HEIGHT - MARGIN, "end", f"{low:.2g}"),
        _text(MARGIN + 12, HEIGHT - 8, "start", f"{x[0]:g}"),
        _text(WIDTH - 8, HEIGHT - 8, "end", f"{x[-1]:g}"),
        _text(WIDTH / 2, HEIGHT - 8, "middle", name),
    ]
    axis = (
        f'<line x1="{MARGIN + 12}" x2="{WIDTH - 8}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="#999"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{axis}{"".join(lines + texts)}</svg>'
    )


def as_image(svg: str, alt: str) -> str:
    """An SVG document as an HTML image that loads nothing.

    Args:
        svg: the document.
        alt: what it shows.
    """
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


def _scaled(
    values: Real[np.ndarray, "..."], low: float, high: float, start: float, end: float
) -> Float[np.ndarray, "..."]:
    return start + (np.asarray(values, np.float64) - low) / (high - low) * (end - start)


def _line(x: np.ndarray, y: np.ndarray, colour: str) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _colour(number: int) -> str:
    return COLOURS[number] if number < len(COLOURS) else "#bbbbbb"


def _text(x: float, y: float, anchor: str, text: str) -> str:
    style = 'font-family="sans-serif" font-size="11" fill="#333"'
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" {style}>{escape(text)}</text>'
