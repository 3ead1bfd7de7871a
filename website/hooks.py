"""What mkdocs calls while it builds the site (``hooks`` in mkdocs.yml)."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from longnn.version import __version__
from website import api_pages, settings_pages
from website.formulas import with_formulas
from website.notebook_pages import page_of as notebook_page
from website.repository_links import page_of, relinked, targets
from website.versions import write_index

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ABOUT = {
    ROOT / "CHANGELOG.md": "about/CHANGELOG.md",
    ROOT / "CONTRIBUTING.md": "about/CONTRIBUTING.md",
    ROOT / "SECURITY.md": "about/SECURITY.md",
    ROOT / "polybases/README.md": "about/polybases.md",
}
PLACED: dict[Path, str] = {}
"""File or folder of the repository -> address of its page, of the build that is going on."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The version in the title, a folder for it, and the lists of pages that are made here."""
    config.site_name = f"{config.site_name} {__version__}"
    config.site_dir = str(Path(config.site_dir) / __version__)
    results = sorted(path.name for path in (DOCS / "results").glob("[!R]*.md"))
    lists = {
        "results/*": ["results/README.md", *(f"results/{name}" for name in results)],
        "notebooks/*": [f"notebooks/{path.stem}.md" for path in NOTEBOOKS],
        "settings/*": [f"settings/{name}.md" for name in settings_pages.pages(ROOT / "conf")],
        "api/*": [f"api/{name}.md" for name in api_pages.pages(ROOT)],
    }
    config.nav = _filled(config.nav, lists)
    return config


def _filled(nav: Any, lists: dict[str, list[str]]) -> Any:
    """The navigation with each list in the place of its name."""
    if isinstance(nav, dict):
        return {title: _filled(inside, lists) for title, inside in nav.items()}
    if isinstance(nav, list):
        return [line for one in nav for line in _lines(_filled(one, lists))]
    return lists.get(nav, nav) if isinstance(nav, str) else nav


def _lines(filled: Any) -> list[Any]:
    return filled if isinstance(filled, list) else [filled]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made of notebooks, docstrings, conf/ and linked files."""
    PLACED.clear()
    made: dict[str, str | bytes] = {}
    for path in NOTEBOOKS:
        page = notebook_page(path)
        made[f"notebooks/{path.stem}.md"] = page.markdown
        made |= {f"notebooks/{name}": content for name, content in page.figures.items()}
        PLACED[path] = f"notebooks/{path.stem}.md"
    for path, address in ABOUT.items():
        made[address] = path.read_text()
        PLACED[path] = address
    made |= {f"settings/{n}.md": page for n, page in settings_pages.pages(ROOT / "conf").items()}
    made |= {f"api/{name}.md": page for name, page in api_pages.pages(ROOT).items()}
    documents = {DOCS / file.src_uri: file.src_uri for file in files}
    PLACED.update(documents)
    PLACED[ROOT / "README.md"] = "index.md"
    texts = [(p, p.read_text()) for p in documents if p.suffix == ".md"]
    texts += [(p, str(made[PLACED[p]])) for p in [*NOTEBOOKS, *ABOUT]]
    for address, content in {**made, **_linked(texts)}.items():
        files.append(File.generated(config, address, content=content))
    return files


def _linked(texts: list[tuple[Path, str]]) -> dict[str, str]:
    """Address -> page of every file that a document links to and that has no page yet."""
    made: dict[str, str] = {}
    while texts:
        origin, text = texts.pop()
        for target in targets(text, origin):
            if target in PLACED or not target.exists() or not target.is_relative_to(ROOT):
                continue
            address = f"source/{target.relative_to(ROOT)}"
            PLACED[target] = address + ("" if target.suffix == ".md" else ".md")
            made[PLACED[target]] = page_of(target, ROOT)
            inside = target / "folder" if target.is_dir() else target
            texts.append((inside, made[PLACED[target]]))
    return made


def on_page_markdown(markdown: str, *, page: Page, **kwargs: Any) -> str:
    """Links to the files of the repository become links to their pages."""
    origins = {address: path for path, address in PLACED.items() if path != ROOT / "README.md"}
    origin = origins.get(page.file.src_uri)
    if origin is None:
        return markdown
    origin = origin / "folder" if origin.is_dir() else origin
    return relinked(markdown, origin, page.file.src_uri, PLACED)


def on_page_content(html: str, **kwargs: Any) -> str:
    """Formulas are drawn by the browser itself."""
    return with_formulas(html)


def on_post_build(config: MkDocsConfig) -> None:
    """Lists the versions beside this one."""
    write_index(Path(config.site_dir).parent)
