"""The page is well-formed, holds everything it shows, and escapes what files hold."""

import re
from html.parser import HTMLParser

import pytest
from longnn.experiments.report.document import report_files

from tests.experiments.report.made import grouped, result, search

VOID = {"meta", "img", "br"}
HOSTILE = "<script>alert(1)</script>\"'&$\\frac{$"


class Reader(HTMLParser):
    """Collects tags and texts; fails on a tag that is not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def _read(*results, **options):
    files = report_files(grouped(*results), None, **{"top": 10, "per_run": False, **options})
    reader = Reader()
    reader.feed(files["report.html"].decode())
    assert reader.open == []
    return reader, files


@pytest.fixture(scope="module")
def read():
    return _read(*search(9), result(model="mlp"), result(dataset="texas"))


def test_nothing_is_loaded_from_elsewhere(read):
    reader, files = read
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
        assert attributes.get("href", "#").startswith("#")
        assert not {"srcset", "action", "style", "onload"} & set(attributes)
    assert not re.search(rb"https?:|url\(|@import", files["report.html"])


def test_links_lead_somewhere(read):
    reader, _ = read
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for tag, a in reader.tags if tag == "a"]
    assert set(links) <= set(ids)
    assert len(links) > 8


def test_figures_are_described_and_captioned(read):
    reader, files = read
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert len(images) == sum(name.endswith(".png") for name in files)
    assert all(len(image["alt"]) > 20 for image in images)
    captions = [tag for tag, _ in reader.tags if tag == "figcaption"]
    assert len(captions) == len(images)


def test_tables_have_captions_and_headers(read):
    reader, _ = read
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 3
    assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")


def test_the_same_runs_give_the_same_page():
    assert _read(result())[1] == _read(result())[1]


def test_hostile_names_stay_text():
    reader, files = _read(result(model=HOSTILE, dataset=HOSTILE, split=HOSTILE))
    assert "script" not in {tag for tag, _ in reader.tags}
    assert HOSTILE in reader.text
    assert b"<script>" not in files["report.md"]
    assert all(re.fullmatch(r"(figures/)?[\w.-]+", name) for name in files)
