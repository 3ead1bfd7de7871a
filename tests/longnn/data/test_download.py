"""Files from a folder, and downloads from a server on this machine that can do everything wrong."""

import errno
import gc
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from longnn.data import DataFileError, DataFileWarning, download, fetch, transfer
from longnn.data.registry import Source, git_blob, matching, registered_files

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed <socket:ResourceWarning",
)

NAME, CONTENT = "folder/file.bin", b"content " * 5000
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
BLOB = f"blob:{hashlib.sha1(b'blob 40000' + bytes(1) + CONTENT).hexdigest()}"


class Server(ThreadingHTTPServer):
    """Answers the n-th request as ``answers[n]`` says, and later ones as the last."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests = answers, 0
        self.url = f"http://127.0.0.1:{self.server_port}/file.bin"
        self.stalled = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = self.server.answers[min(self.server.requests, len(self.server.answers) - 1)]
        self.server.requests += 1
        if isinstance(answer, int):
            self.send_error(answer)
            return
        self.send_response(200)
        if answer not in ("silent", "endless"):
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        body = {"altered": CONTENT[:-1] + b"!", "truncated": CONTENT[:-9], "stalled": CONTENT[:99]}
        body |= {"silent": CONTENT[:-9], "endless": CONTENT * 50}
        self.wfile.write(body.get(answer, CONTENT))
        if answer == "stalled":
            self.wfile.flush()
            self.server.stalled.set()
            time.sleep(60)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(monkeypatch):
    """serve(answer, ..., digest=...) starts a server that the one known file comes from."""
    servers = []
    monkeypatch.setattr(transfer, "WAITS", (0.0, 0.0))

    def start(*answers, digest=SHA256, size=None):
        servers.append(Server(*answers))
        know(monkeypatch, digest, servers[-1].url, size)
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
    gc.collect()  # pooch leaves responses that failed to the collector, which warns of the socket


def know(monkeypatch, digest, url="http://127.0.0.1:9/file.bin", size=None):
    monkeypatch.setattr(download, "registered_files", lambda: {NAME: Source(digest, url, size)})


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv("LONGNN_DATA_DIR", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / name)
    return tmp_path / "longnn"


def place(root, content=CONTENT):
    path = root / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def files_in(root):
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("digest", [SHA256, BLOB])
def test_takes_the_file_from_the_folder(folder, monkeypatch, digest):
    know(monkeypatch, digest)
    path = place(folder)
    assert fetch(NAME) == path


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o664), (0o077, 0o600)])
def test_a_file_has_the_mode_that_the_umask_leaves(cache, serve, umask, mode):
    serve("right")
    before = os.umask(umask)
    try:
        path = fetch(NAME)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_git_blob_is_gits(tmp_path):
    path = place(tmp_path)
    done = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True)
    assert git_blob(path) == f"blob:{done.stdout.strip()}"


def test_missing_in_the_folder(folder, monkeypatch):
    know(monkeypatch, SHA256)
    with pytest.raises(DataFileError) as caught:
        fetch(NAME)
    for part in (str(folder / NAME), SHA256, "http://127.0.0.1:9", "LONGNN_DATA_DIR"):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [CONTENT[:-1], b"", CONTENT[:-1] + b"!"])
@pytest.mark.parametrize("where", ["folder", "cache"])
@pytest.mark.parametrize("digest", [SHA256, BLOB])
def test_altered_file(content, where, digest, request, monkeypatch):
    know(monkeypatch, digest)
    path = place(request.getfixturevalue(where), content)
    with pytest.raises(DataFileError) as caught:
        fetch(NAME)
    for part in (str(path), f"expected {digest}", "found ", "delete it", "http://"):
        assert part in str(caught.value)
    assert path.read_bytes() == content


def test_a_file_that_nobody_pinned_loads_with_a_warning(folder, monkeypatch):
    know(monkeypatch, "unknown")
    path = place(folder)
    with pytest.warns(DataFileWarning, match=f"no checksum of {NAME} is known.*{SHA256}"):
        assert fetch(NAME) == path
    before = download.checksum([NAME])
    path.write_bytes(b"other")
    assert download.checksum([NAME]) != before


class Recorder:
    """Progress that remembers."""

    total, done, closed = 0, 0, False

    def update(self, count):
        self.done += count

    def reset(self):
        self.done = 0

    def close(self):
        self.closed = True


@pytest.mark.parametrize("digest", [SHA256, BLOB])
def test_downloads_once_and_tells_progress(cache, serve, digest):
    server, progress = serve("whole", digest=digest), Recorder()
    assert fetch(NAME, progress).read_bytes() == CONTENT
    assert (progress.total, progress.done, progress.closed) == (len(CONTENT), len(CONTENT), True)
    assert fetch(NAME) == cache / NAME
    assert (server.requests, files_in(cache)) == (1, [cache / NAME])


@pytest.mark.parametrize("trouble", ["truncated", "silent", 408, 429, 500, 503])
def test_tries_again(cache, serve, trouble):
    server = serve(trouble, "whole", size=len(CONTENT))
    assert fetch(NAME).read_bytes() == CONTENT
    assert (server.requests, files_in(cache)) == (2, [cache / NAME])


@pytest.mark.parametrize(
    ("trouble", "requests", "message"),
    [
        ("truncated", 3, "cannot fetch"),
        ("altered", 1, "is altered and was thrown away"),
        ("silent", 1, "is altered and was thrown away"),  # whose size nobody knows
        (403, 1, "403"),
        (404, 1, "404"),
        (500, 3, "500"),
    ],
)
def test_gives_up_and_leaves_nothing(cache, serve, trouble, requests, message):
    server = serve(trouble)
    with pytest.raises(DataFileError, match=message) as caught:
        fetch(NAME)
    for part in (str(cache / NAME), SHA256, server.url):
        assert part in str(caught.value)
    assert (server.requests, files_in(cache)) == (requests, [])


@pytest.mark.parametrize(("known", "limit"), [(len(CONTENT), 1 << 30), (None, len(CONTENT))])
def test_a_download_that_does_not_end_is_stopped(cache, serve, monkeypatch, known, limit):
    """The limit is the registered size, or the general one; the server announces none."""
    monkeypatch.setattr(transfer, "LARGEST", limit)
    server = serve("endless", digest=SHA256 if known else "unknown", size=known)
    with pytest.raises(DataFileError, match=f"bytes or more, expected at most {len(CONTENT)}"):
        fetch(NAME)
    assert (server.requests, files_in(cache)) == (1, [])


def test_a_file_that_announces_too_much_is_not_begun(cache, serve):
    progress = Recorder()
    serve("whole", size=len(CONTENT) - 1)
    with pytest.raises(DataFileError, match=rf"gives {len(CONTENT)} bytes or more"):
        fetch(NAME, progress)
    assert progress.done == 0


def test_a_download_that_takes_too_long_is_stopped(cache, serve, monkeypatch):
    monkeypatch.setattr(transfer, "LONGEST", -1.0)
    server = serve("whole")
    with pytest.raises(DataFileError, match="takes longer than"):
        fetch(NAME)
    assert (server.requests, files_in(cache)) == (1, [])


def test_a_full_disk_is_not_tried_again(cache, serve, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_check_limits", full)
    server = serve("whole")
    with pytest.raises(DataFileError, match=r"cannot write .*No space left"):
        fetch(NAME)
    assert (server.requests, files_in(cache)) == (1, [])


def test_no_network(cache, monkeypatch):
    monkeypatch.setattr(transfer, "WAITS", ())
    know(monkeypatch, SHA256)  # nobody listens there
    with pytest.raises(DataFileError, match=f"cannot fetch {NAME}.*ConnectionError"):
        fetch(NAME)
    assert files_in(cache) == []


def test_cache_that_cannot_be_written(cache, serve):
    server = serve("whole")
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataFileError, match=r"cannot write .*XDG_CACHE_HOME"):
        fetch(NAME)
    assert server.requests == 0


FETCH = """
import sys
from longnn.data import download
from longnn.data.registry import Source
download.registered_files = lambda: {sys.argv[1]: Source(sys.argv[2], sys.argv[3])}
print(download.fetch(sys.argv[1]))
"""


def start_process(cache, server):
    environment = {key: v for key, v in os.environ.items() if key != "LONGNN_DATA_DIR"}
    environment["XDG_CACHE_HOME"] = str(cache.parent)
    command = [sys.executable, "-c", FETCH, NAME, SHA256, server.url]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once(cache, serve):
    server = serve("whole")
    both = [start_process(cache, server) for _ in range(2)]
    for process in both:
        assert process.communicate()[0].strip() == str(cache / NAME)
        assert process.returncode == 0
    assert (cache / NAME).read_bytes() == CONTENT
    assert files_in(cache) == [cache / NAME]


def test_killed_download(cache, serve, monkeypatch):
    server = serve("stalled", "whole")
    process = start_process(cache, server)
    assert server.stalled.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (cache / NAME).exists()
    monkeypatch.setattr(transfer, "STALE", -1)
    assert fetch(NAME).read_bytes() == CONTENT
    assert files_in(cache) == [cache / NAME]


def test_unknown_name_has_near_misses(monkeypatch):
    know(monkeypatch, SHA256)
    with pytest.raises(ValueError, match=r"'folder/fil.bin'; did you mean folder/file.bin\?"):
        fetch("folder/fil.bin")


def test_checksum_depends_on_content_and_order(monkeypatch):
    known = {name: Source(f"sha256:{name * 64}", "") for name in "abc"}
    monkeypatch.setattr(download, "registered_files", lambda: known)
    assert download.checksum("ab") == download.checksum("ab")
    assert len({download.checksum(names) for names in ("ab", "ba", "ac", "abc")}) == 4


def test_registry_is_well_formed():
    known = registered_files()
    assert len(known) == 163
    for source in known.values():
        assert re.fullmatch("sha256:[0-9a-f]{64}|blob:[0-9a-f]{40}|unknown", source.digest)
        pinned = r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/\S+"
        assert re.fullmatch(f"{pinned}|http://snap.stanford.edu/ogb/data/.*", source.url)
        assert source.size is None or (source.pinned and 0 < source.size <= transfer.LARGEST)
    assert sum(source.size is not None for source in known.values()) == 106


def test_the_documentation_lists_the_files_without_a_checksum():
    """Each by its pattern in docs/data.md, and no other."""
    text = Path(__file__).parents[3].joinpath("docs/data.md").read_text()
    table = text.split("| files without a checksum |")[1].split("\n\n")[0]
    patterns = re.findall("`([^`]+)`", table)
    known = registered_files()
    without = {name for name, source in known.items() if not source.pinned}
    assert without == set(matching(patterns, known))
    assert all(matching([pattern], known) for pattern in patterns)


def test_objects_without_a_checksum_need_trust(folder, monkeypatch):
    know(monkeypatch, "unknown")
    with pytest.raises(DataFileError, match=rf"{NAME} holds pickled objects.*trust=True"):
        download.need_trust(NAME, trust=False)
    download.need_trust(NAME, trust=True)
    know(monkeypatch, SHA256)
    download.need_trust(NAME, trust=False)


@pytest.mark.data
def test_every_file_at_hand_is_the_one_expected():
    names = [name for name, source in registered_files().items() if source.pinned]
    here = [name for name in names if download.place(name).is_file()]
    assert len(here) == 104
    for name in here:
        fetch(name)
