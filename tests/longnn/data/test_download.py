import hashlib
import re

import pytest
import requests

from longnn.data import DataFileError, download, fetch

NAME, CONTENT = "folder/file.bin", b"content " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "http://127.0.0.1:9/file.bin"


class Response:
    """What `requests.get` gives, without a network."""

    def __init__(self, *chunks):
        self.chunks = chunks
        self.headers = {}

    def raise_for_status(self):
        pass

    def iter_content(self, chunk_size):
        for chunk in self.chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


@pytest.fixture(autouse=True)
def one_known_file(monkeypatch):
    monkeypatch.setattr(download, "registry", lambda: {NAME: download.Source(SHA256, URL)})


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """LONGNN_DATA_DIR; whoever touches the network there fails."""
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    serve(monkeypatch, AssertionError("the network was used"))
    return tmp_path


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv("LONGNN_DATA_DIR", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    return tmp_path / "longnn"


def serve(monkeypatch, *chunks):
    def get(url, **kwargs):
        assert url == URL
        if isinstance(chunks[0], BaseException):
            raise chunks[0]
        return Response(*chunks)

    monkeypatch.setattr(requests, "get", get)


def place(root, content):
    path = root / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_takes_the_file_from_the_folder(folder):
    path = place(folder, CONTENT)
    assert fetch(NAME) == path


def test_missing_in_the_folder(folder):
    with pytest.raises(DataFileError) as caught:
        fetch(NAME)
    for part in (str(folder / NAME), SHA256, URL, "LONGNN_DATA_DIR"):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [CONTENT[:-1], b"", CONTENT[:-1] + b"!"])
@pytest.mark.parametrize("where", ["folder", "cache"])
def test_altered_file(content, where, request, monkeypatch):
    path = place(request.getfixturevalue(where), content)
    with pytest.raises(DataFileError) as caught:
        fetch(NAME)
    found = hashlib.sha256(content).hexdigest()
    for part in (str(path), f"expected sha256 {SHA256}", f"found {found}", "delete it", URL):
        assert part in str(caught.value)
    assert path.read_bytes() == content


def test_downloads_once(cache, monkeypatch):
    serve(monkeypatch, CONTENT)
    assert fetch(NAME).read_bytes() == CONTENT
    serve(monkeypatch, AssertionError("downloaded twice"))
    assert fetch(NAME) == cache / NAME


def test_no_network(cache, monkeypatch):
    serve(monkeypatch, requests.ConnectionError("no route to host"))
    with pytest.raises(DataFileError) as caught:
        fetch(NAME)
    for part in (NAME, SHA256, URL, str(cache / NAME), "LONGNN_DATA_DIR", "no route to host"):
        assert part in str(caught.value)
    assert isinstance(caught.value.__cause__, requests.ConnectionError)


def test_truncated_download(cache, monkeypatch):
    serve(monkeypatch, CONTENT[:-1])
    with pytest.raises(DataFileError, match="truncated or altered") as caught:
        fetch(NAME)
    for part in (str(cache / NAME), SHA256, hashlib.sha256(CONTENT[:-1]).hexdigest(), URL):
        assert part in str(caught.value)
    assert files_in(cache) == []


def test_killed_download_leaves_no_file(cache, monkeypatch):
    serve(monkeypatch, CONTENT[:100], KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)
    assert files_in(cache) == []


def files_in(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_unknown_name_has_near_misses():
    with pytest.raises(ValueError, match=r"'folder/fil.bin'; did you mean folder/file.bin\?"):
        fetch("folder/fil.bin")


def test_checksum_depends_on_content_and_order(monkeypatch):
    known = {name: download.Source(name * 64, URL) for name in "abc"}
    monkeypatch.setattr(download, "registry", lambda: known)
    assert download.checksum("ab") == download.checksum("ab")
    assert len({download.checksum(names) for names in ("ab", "ba", "ac", "abc")}) == 4


def test_registry_is_well_formed(monkeypatch):
    monkeypatch.undo()
    known = download.registry()
    assert len(known) == 3 * 8 + 8
    for name, source in known.items():
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        pinned = r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/data/"
        assert re.fullmatch(pinned + re.escape(name.split("/")[1]), source.url)
