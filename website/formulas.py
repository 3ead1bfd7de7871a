"""Formulas as MathML, written when the site is built: browsers draw it without a script."""

import html
import re

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def with_formulas(page: str) -> str:
    r"""A page with MathML in place of its TeX.

    Args:
        page: HTML in which the extension arithmatex has marked formulas: ``\(...\)`` in the line,
            ``\[...\]`` on lines of their own.

    Raises:
        ValueError: if a formula is none, with its text.
    """
    return _FORMULA.sub(_drawn, page)


def _drawn(found: re.Match[str]) -> str:
    tex = html.unescape(found[3]).strip()
    try:
        drawn = convert(tex, display="block" if found[2] == "[" else "inline")
    except Exception as error:
        raise ValueError(f"not a formula, {tex!r}: {error!r}") from error
    if "\\" in drawn:
        raise ValueError(f"a command in the formula {tex!r} is not known; write it in another way")
    return drawn
