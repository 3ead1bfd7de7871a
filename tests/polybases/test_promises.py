"""What polybases/README.md promises: its examples, and public names that stay as recorded."""

import ast
import contextlib
import importlib
import inspect
import io
import re
from pathlib import Path

import jax.numpy as jnp
import pytest

import polybases
import polybases.modules

ROOT = Path(__file__).parents[2]
RECORDED = (Path(__file__).parent / "public.txt").read_text().splitlines()
"""Public names of 1.0 with their arguments. Lines are added; none changes before 2.0."""


def found(dotted: str):
    """The object of a dotted name, of which the module is the longest part that imports."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        with contextlib.suppress(ModuleNotFoundError):
            thing = importlib.import_module(".".join(parts[:count]))
            for part in parts[count:]:
                thing = getattr(thing, part)
            return thing
    raise ModuleNotFoundError(dotted)


def kept(recorded: inspect.Signature, now: inspect.Signature) -> bool:
    """Whether every call that the recorded signature allows means the same now."""
    old, new = (list(signature.parameters.values()) for signature in (recorded, now))
    places = [p for p in old if p.kind is p.POSITIONAL_OR_KEYWORD]
    same = all(
        p.name in now.parameters
        and (p.default == now.parameters[p.name].default)
        and (p.kind is p.KEYWORD_ONLY or new[i].name == p.name)
        for i, p in enumerate([*places, *(p for p in old if p.kind is p.KEYWORD_ONLY)])
    )
    added = [p for p in new if p.name not in recorded.parameters]
    return same and all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in added)


def signature_of(line: str) -> inspect.Signature:
    """The signature that a recorded line writes down."""
    namespace: dict = {"jnp": jnp}
    exec(f"def it{line[line.index('(') :]}: ...", namespace)
    return inspect.signature(namespace["it"])


@pytest.mark.parametrize("line", RECORDED)
def test_public_names_stay_as_recorded(line):
    thing = found(line.partition("(")[0])
    if "(" in line:
        now = inspect.signature(thing)
        assert kept(signature_of(line), now), f"recorded {line}, now {now}"


@pytest.mark.parametrize(
    ("line", "now", "stays"),
    [
        ("f(a, b=1)", lambda a, b=1, *, c=2: 0, True),
        ("f(a, b=1)", lambda a, b=1, c=None: 0, True),
        ("f(a, *, b=1)", lambda a, c=0, *, b=1: 0, True),
        ("f(a, b=1)", lambda a, b=2: 0, False),
        ("f(a, b=1)", lambda b, a=1: 0, False),
        ("f(a, b=1)", lambda a, c, b=1: 0, False),
        ("f(a, b=1)", lambda a: 0, False),
        ("f(a)", lambda a, b: 0, False),
        ("f(a)", lambda x: 0, False),
    ],
)
def test_what_counts_as_the_same(line, now, stays):
    assert kept(signature_of(line), inspect.signature(now)) == stays


def classes() -> set[str]:
    """The modules of polybases.modules, with its name in front."""
    own = [c for c in vars(polybases.modules).values() if inspect.isclass(c)]
    names = {c.__name__ for c in own if c.__module__ == "polybases.modules"}
    return {f"polybases.modules.{name}" for name in names}


def taken_by_longnn() -> set[str]:
    """What longnn and its commands import from modules of polybases."""
    nodes = [
        node
        for folder in ("longnn", "experiments", "hydra_plugins")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("polybases")
    ]
    return {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}


def test_what_is_public_and_what_longnn_takes_is_recorded():
    recorded = {line.partition("(")[0].removesuffix(".__init__") for line in RECORDED}
    public = {f"polybases.{name}" for name in polybases.__all__} | classes()
    assert sorted((public | taken_by_longnn()) - recorded) == [], "add lines to public.txt"
    assert "polybases.recurrence.check_theta" in taken_by_longnn()


def test_nothing_private_is_promised():
    assert [line for line in RECORDED if re.search(r"\._[a-z]", line)] == []


@pytest.mark.slow
def test_the_readme_prints_what_it_says():
    text = (ROOT / "polybases" / "README.md").read_text()
    code = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    said = re.findall(r"^print\(.*\)  # ((?:\(.*?\)|[-\d.]+))", code, re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().splitlines() == said
    assert len(said) >= 5


def test_the_changelog_has_the_version():
    text = (ROOT / "polybases" / "CHANGELOG.md").read_text()
    assert re.search(r"^## ([\d.]+)", text, re.MULTILINE).group(1) == polybases.__version__
