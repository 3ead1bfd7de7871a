"""Docstrings as the pages show them: roles become links, examples become code."""

import re

import griffe

_ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`~?([\w.]+)`")
_ARGUMENTS = re.compile(r"^(?:Args|Attributes):\n(?: {4}.*\n?|\n)*", re.MULTILINE)
_SHARED = re.compile(r"^ {4}(\w+(?:, \w+)+): ((?:.*\n?)(?: {5,}.*\n?)*)", re.MULTILINE)
_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


def for_pages(text: str) -> str:
    """The text with roles as plain names, its example as a section, a line for each argument."""
    text = _ARGUMENTS.sub(lambda section: _SHARED.sub(_apart, section[0]), text)
    return _EXAMPLE.sub("Examples:", _ROLE.sub(r"`\1`", text))


def _apart(found: re.Match[str]) -> str:
    """``alpha, beta: text`` as two arguments with the same text."""
    text = found[2] if found[2].endswith("\n") else found[2] + "\n"
    return "".join(f"    {name}: {text}" for name in found[1].split(", "))


class Docstrings(griffe.Extension):
    """Changes every docstring while griffe reads the packages."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        """Called for each module, class, function and attribute of a package."""
        _change(obj)

    def on_package(self, *, pkg: griffe.Module, **kwargs: object) -> None:
        """Called for the package itself."""
        _change(pkg)


def _change(obj: griffe.Object) -> None:
    if obj.docstring is not None:
        obj.docstring.value = for_pages(obj.docstring.value)
