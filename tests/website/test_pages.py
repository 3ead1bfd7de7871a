"""What the pages of the site are made of."""

from pathlib import Path

import nbformat
import pytest

from website import settings_pages
from website.arguments import arguments
from website.config_files import Setting, read
from website.docstrings import for_pages
from website.formulas import with_formulas
from website.notebook_pages import page_of as notebook_page
from website.repository_links import page_of, relinked, targets
from website.versions import versions, write_index

ROOT = Path(__file__).parents[2]


def test_a_formula_becomes_mathml():
    page = r'a <span class="arithmatex">\(\lambda &lt; 2\)</span> b'
    assert with_formulas(page).startswith("a <math")
    assert "&#x003BB;" in with_formulas(page)
    assert "&#x0003C;" in with_formulas(page)
    block = with_formulas('<div class="arithmatex">\\[\nx^2\n\\]</div>')
    assert 'display="block"' in block


@pytest.mark.parametrize("tex", [r"\nosuchcommand x", r"x^{"])
def test_what_is_no_formula_is_an_error(tex):
    with pytest.raises(ValueError, match="formula"):
        with_formulas(rf'<span class="arithmatex">\({tex}\)</span>')


def test_a_notebook_becomes_a_page(tmp_path):
    stream = nbformat.v4.new_output("stream", text="2 < 3\n")
    figure = nbformat.v4.new_output("execute_result", data={"image/png": "AAAA", "text/plain": "f"})
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_code_cell("print('2 < 3')", outputs=[stream, figure]),
    ]
    path = tmp_path / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    page = notebook_page(path)
    assert page.markdown.startswith(
        "# Title\n\n```python\nprint('2 < 3')\n```\n\n```text\n2 < 3\n```"
    )
    assert page.figures == {"mine-1.png": b"\0\0\0"}
    assert "](mine-1.png)" in page.markdown


def test_an_output_that_no_page_shows_is_an_error(tmp_path):
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    cell = nbformat.v4.new_code_cell("raise E", outputs=[error])
    path = tmp_path / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    with pytest.raises(ValueError, match=r"an output of type error .* run the notebook again"):
        notebook_page(path)


def test_docstrings_as_pages_show_them():
    text = (
        "Of :class:`longnn.Graph`.\n\nArgs:\n    a, b: two\n        numbers.\n    c: one.\n"
        "\nExample:\n"
    )
    assert for_pages(text) == (
        "Of `longnn.Graph`.\n\nArgs:\n    a: two\n        numbers.\n    b: two\n        numbers.\n"
        "    c: one.\n\nExamples:\n"
    )


def test_what_a_config_file_says(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "# @package _global_\n# One,\n# two.\ndefaults:\n  - a\n_target_: m.f\nx: 1 # first\n"
        "groups:\n  mlp:\n    lr: 0.1\n  other: [1, 2]\ny:\n"
    )
    file = read(path)
    assert (file.option, file.about, file.target) == ("mine", "One, two.", "m.f")
    assert file.settings == (
        Setting("x", "1", "first"),
        Setting("groups.mlp.lr", "0.1", ""),
        Setting("groups.other", "[1, 2]", ""),
        Setting("y", "", ""),
    )


def test_arguments_are_those_of_the_docstrings_of_all_bases():
    found = arguments("longnn.models.LonGNN")
    assert found["gamma0"] == "scale of the factors of the decomposition, > 0."
    assert found["residual_weight"].startswith("the part a of H_0")
    assert "make" not in found
    with pytest.raises(AttributeError, match="NoSuch"):
        arguments("longnn.models.NoSuch")
    with pytest.raises(ImportError):
        arguments("longnn.nosuch.f")


def test_every_setting_of_every_group_is_described():
    pages = settings_pages.pages(ROOT / "conf")
    folders = {str(p.parent.relative_to(ROOT / "conf")) for p in (ROOT / "conf").rglob("*.yaml")}
    tuned = {name for name in folders if name.startswith("tuned")}  # values, no settings
    assert folders - set(settings_pages.GROUPS) - tuned == {"."}
    for group in settings_pages.GROUPS:
        page = pages[group.replace("/", "_")]
        for path in (ROOT / "conf" / group).glob("*.yaml"):
            assert f"\n## {path.stem}\n" in page
            assert all(f"{setting.name}`" in page for setting in read(path).settings)
    assert "| `optim.groups.mlp.lr` | `0.01` | a number in [0, inf) |" in pages["optim"]
    assert "| `+model.placement` |" in pages["model"]
    empty = [line for line in pages["train"].splitlines() if line.endswith("|  |")]
    assert empty == []


def test_links_to_the_repository_lead_to_pages(tmp_path):
    origin = tmp_path / "docs" / "a.md"
    text = "[b](../x/b.py#top) `[c](c.md)` [e](https://e.org) [f](#f)\n```\n[d](d.md)\n```\n"
    assert targets(text, origin) == [tmp_path / "x/b.py"]
    moved = relinked(text, origin, "how/a.md", {tmp_path / "x/b.py": "source/x/b.py.md"})
    assert moved == text.replace("../x/b.py#top", "../source/x/b.py.md#top")
    assert relinked(text, origin, "a.md", {}) == text


def test_files_and_folders_as_pages(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "b.py").write_text("b = 1\n")
    assert page_of(tmp_path / "x", tmp_path) == "# x\n\n- [b.py](b.py)\n"
    assert page_of(tmp_path / "x/b.py", tmp_path) == "# x/b.py\n\n````python\nb = 1\n````\n"
    (tmp_path / "x" / "c.so").write_bytes(b"")
    with pytest.raises(ValueError, match=r"x/c\.so is linked, and a page shows \.py"):
        page_of(tmp_path / "x/c.so", tmp_path)


def test_versions_side_by_side(tmp_path):
    for name in ("1.9.0", "1.10.0", "1.10.0rc1", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("")
    (tmp_path / "2.0").mkdir()  # without a page
    assert versions(tmp_path) == ["1.10.0", "1.10.0rc1", "1.9.0"]
    write_index(tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert text.index("1.10.0/index.html") < text.index("1.9.0/index.html")
    assert "other" not in text
