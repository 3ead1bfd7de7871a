"""The site as it is built: whole, without a broken link, and without the network."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from longnn.version import __version__
from website import api_pages

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """The links, the resources and the anchors of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.resources: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "prev", "next"):
            self.resources.append(found["href"])
        elif found.get("src"):
            self.resources.append(found["src"])

    def target(self, link: str) -> Path:
        """The file that a link leads to."""
        path = unquote(urlsplit(link).path)
        return (self.path.parent / path).resolve() if path else self.path


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    return folder / __version__


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_missing(pages):
    assert len(pages) > 100
    for page in pages.values():
        for resource in page.resources:
            assert urlsplit(resource)[:2] == ("", ""), (page.path, resource)
            assert page.path.name == "404.html" or page.target(resource).is_file(), page.path


@pytest.mark.slow
def test_every_inner_link_leads_somewhere(pages):
    for page in pages.values():
        inside = [link for link in page.links if not urlsplit(link).scheme]
        for link in inside if page.path.name != "404.html" else []:
            target = page.target(link)
            assert target.is_file(), (page.path, link)
            anchor = unquote(urlsplit(link).fragment)
            if target in pages and not anchor.startswith("__"):
                assert anchor in pages[target].anchors, (page.path, link)


@pytest.mark.slow
def test_every_public_name_has_its_place(pages, site):
    for module in api_pages.pages(ROOT):
        page = pages[site / "api" / f"{module}.html"]
        text = page.path.read_text()
        names = api_pages.names(ROOT, module)
        missing = [name for name in names if f"{module}.{name}" not in page.anchors]
        assert missing == [], module
        assert not re.search(r":(func|class|meth):", text)
    text = (site / "api/longnn.html").read_text()
    assert "Trains every (trial, seed, split) as one batch" in text
    assert "degree_exponent" in text
    assert "jaxtyping.Float" in (site / "api/longnn.analysis.html").read_text()


@pytest.mark.slow
def test_the_search_knows_every_page(pages, site):
    index = json.loads((site / "search/search_index.json").read_text())
    found = {urlsplit(entry["location"]).path for entry in index["docs"]}
    own = {str(path.relative_to(site)) for path in pages} - {"404.html"}
    assert own - found == set()
    offline = (site / "search/search_index.js").read_text()
    assert offline.startswith("var __index = ")
    assert (site / "assets/iframe-worker.js").is_file()


@pytest.mark.slow
def test_formulas_figures_and_versions_are_there(site):
    text = (site / "understand/filters.html").read_text()
    assert text.count("<math") > 20
    assert "arithmatex" not in text
    assert "\\lambda" not in text
    assert (site / "notebooks/3_what_was_learned-1.png").stat().st_size > 1000
    assert f'href="{__version__}/index.html"' in (site.parent / "index.html").read_text()
