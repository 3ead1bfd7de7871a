"""The documents name what there is, and their Python runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import longnn
import polybases

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = [path for path in sorted(DOCS.rglob("*.md")) if path.parent.name != "results"]
DOCUMENTS = [ROOT / "README.md", *WRITTEN]
BLOCK = re.compile(r"(<!-- not run: .*? -->\n)?```(python|sh)\n(.*?)```", re.DOTALL)


def blocks(path: Path) -> list[tuple[str, str]]:
    """(language, code) of what runs: the Python of a document, and the shell's of a lesson or task.

    A block of the shell after ``<!-- not run: why -->`` does not.
    """
    languages = {"python", "sh"} if path.parent.name in ("learn", "howto") else {"python"}
    return [
        (language, code)
        for left_out, language, code in BLOCK.findall(path.read_text())
        if language in languages and not (left_out and language == "sh")
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT)).removeprefix("docs/")


WITH_CODE = [path for path in DOCUMENTS if blocks(path)]
by_name = pytest.mark.parametrize("path", WITH_CODE, ids=name_of)


def test_there_are_blocks():
    found = {name_of(path): len(blocks(path)) for path in WITH_CODE}
    assert {"README.md", "guide.md", "analysis.md", "index.md"} <= set(found)
    assert found["learn/tutorial.md"] == 9
    tasks = {path.stem for path in (DOCS / "howto").glob("*.md")} - {"index"}
    assert tasks == {Path(name).stem for name in found if name.startswith("howto/")}


@pytest.mark.slow
@by_name
def test_code_runs_as_it_stands(path, tmp_path, monkeypatch):
    """The blocks of a document in their order, in one namespace, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    namespace: dict[str, object] = {"__name__": path.stem}
    for number, (language, code) in enumerate(blocks(path)):
        if language == "sh":
            done = subprocess.run(
                ["bash", "-euc", code], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"block {number}:\n{done.stdout}{done.stderr}"
        else:
            exec(compile(code, f"{path.name}, block {number}", "exec"), namespace)
    assert plt.get_fignums() == []


NAME = re.compile(r"(?<![\w./-])(longnn|polybases)((?:\.[A-Za-z_]\w*)+)(?![\w/-])")


def names() -> list[str]:
    """Every dotted name of the documents, in blocks and in the text."""
    found = {m.group(0) for path in DOCUMENTS for m in NAME.finditer(path.read_text())}
    return sorted(name for name in found if not name.endswith((".egg", ".py", ".so")))


def resolved(name: str) -> object:
    """What the name gives after ``import longnn, polybases``, by attributes alone."""
    first, *rest = name.split(".")
    found: object = {"longnn": longnn, "polybases": polybases}[first]
    for part in rest:
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", names())
def test_every_name_is_an_attribute(name):
    assert resolved(name) is not None
    above, _, last = name.rpartition(".")
    assert last in dir(resolved(above))


def test_names_are_found_in_the_text_and_in_blocks():
    assert {"longnn.fit", "longnn.load", "longnn.data.images.load", "polybases.jacobi"} <= set(
        names()
    )


COMPLETION = """
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.Completer.use_jedi = False
shell.run_cell("import longnn")
for text in {texts!r}:
    with provisionalcompleter():
        print(text, *(c.text for c in shell.Completer.completions(text, len(text))))
"""


def test_the_tab_key_offers_what_there_is(tmp_path):
    wanted = {
        "longnn.": "fit load Optim Graph data models plot training",
        "longnn.Gr": "Graph",
        "longnn.data.": "load names splits csbm images own_dataset",
        "longnn.models.": "LonGNN GCN by_name",
        "longnn.plot.res": "response",
    }
    done = subprocess.run(
        [sys.executable, "-c", COMPLETION.format(texts=list(wanted))],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    offered = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    for text, names in wanted.items():
        last = {name.rpartition(".")[2] for name in offered[text]}
        assert set(names.split()) <= last, f"{text} offers {sorted(last)}"
        assert not last & {"Any", "TYPE_CHECKING", "attribute", "lazy_loader"}


def test_files_named_in_the_readme_exist():
    names = re.findall(r'(?:\]\(|src=")([\w./]+)', (ROOT / "README.md").read_text())
    assert len(names) >= 6
    files = [name for name in names if name != "https"]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_every_public_function_of_polybases_is_in_its_guide():
    text = (ROOT / "docs" / "bases.md").read_text()
    named = {name for name in polybases.__all__ if f"`{name}" in text or f"{name}(" in text}
    others = {"MatVec", "__version__", "chebyshev_nodes", "expand", "raw_exponent", "weight"}
    assert set(polybases.__all__) - named <= others
