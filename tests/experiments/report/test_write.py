"""The folder of a report: whole files, and nothing of others replaced."""

import json

import pytest
from longnn.experiments.report.write import MANIFEST, OutputError, write_report

FIRST = {"report.md": b"one", "figures/a.png": b"a"}
SECOND = {"report.md": b"two", "figures/b.png": b"b"}


def _files(folder):
    return {
        str(f.relative_to(folder)): f.read_bytes()
        for f in folder.rglob("*")
        if f.is_file() and f.name != MANIFEST
    }


def test_a_report_replaces_its_own_files_and_no_other(tmp_path):
    write_report(tmp_path / "deep" / "out", FIRST)
    (tmp_path / "deep" / "out" / "mine.txt").write_text("mine")
    write_report(tmp_path / "deep" / "out", SECOND)
    assert _files(tmp_path / "deep" / "out") == {**SECOND, "mine.txt": b"mine"}


@pytest.mark.parametrize("name", ["report.md", "figures/a.png", MANIFEST])
def test_a_foreign_file_is_kept_unless_forced(tmp_path, name):
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=r"was not written by a report.*--force"):
        write_report(tmp_path, FIRST)
    assert [f.read_text() for f in tmp_path.rglob("*") if f.is_file()] == ["mine"]
    write_report(tmp_path, FIRST, force=True)
    assert _files(tmp_path) == FIRST


def test_a_manifest_reaches_no_file_outside(tmp_path):
    (tmp_path / "precious").write_text("mine")
    folder = tmp_path / "out"
    folder.mkdir()
    content = {"generator": "longnn report", "files": ["../precious", "gone"]}
    (folder / MANIFEST).write_text(json.dumps(content))
    write_report(folder, FIRST)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="cannot write the report"):
            write_report(folder, FIRST)
    assert _files(tmp_path) == {"file": b"mine"}


def test_an_interrupted_report_can_be_replaced(tmp_path):
    with pytest.raises(TypeError):
        write_report(tmp_path, {"report.md": b"one", "report.csv": None})
    write_report(tmp_path, FIRST)
    assert _files(tmp_path) == FIRST
