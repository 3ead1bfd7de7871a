"""OGB's zipped tables, on a small file of our own making: the real one was never at hand."""

import gzip
import tracemalloc
import zipfile

import numpy as np
import pytest

from longnn.data import DataFileError, DataFileWarning, archive, ogb

TABLES = {
    "raw/edge": "0,1\n1,2\n2,0\n3,2\n",
    "raw/node-feat": "0.5,-1\n1,2\n3,4\n5,6\n",
    "raw/node-label": "2\n0\n1\n2\n",
    "split/time/train": "0\n1\n",
    "split/time/valid": "3\n",
    "split/time/test": "2\n",
}


@pytest.fixture
def write(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGNN_DATA_DIR", str(tmp_path))
    (tmp_path / "ogb").mkdir()

    def call(**changes):
        with zipfile.ZipFile(tmp_path / "ogb" / "arxiv.zip", "w") as file:
            for name, text in (TABLES | changes).items():
                file.writestr(f"arxiv/{name}.csv.gz", gzip.compress(text.encode()))

    return call


@pytest.mark.filterwarnings("ignore::longnn.data.DataFileWarning")
def test_tables_become_a_dataset(write):
    write()
    with pytest.warns(DataFileWarning, match="no checksum of ogb/arxiv.zip is known"):
        made = ogb.load()
    assert (made.graph.num_nodes, made.graph.num_edges, made.classes) == (4, 4, 3)
    np.testing.assert_array_equal(made.labels, [2, 0, 1, 2])
    np.testing.assert_array_equal(made.features[0], np.float32([0.5, -1]))
    np.testing.assert_array_equal(made.shipped["fixed"], [[0, 0, 2, 1]])
    before = made.checksum
    write(**{"raw/edge": "0,1\n"})
    assert ogb.load().checksum != before


@pytest.mark.filterwarnings("ignore::longnn.data.DataFileWarning")
def test_unfit_files(write, tmp_path):
    path = tmp_path / "ogb" / "arxiv.zip"
    path.write_text("no zip")
    with pytest.raises(DataFileError, match="no zip file of OGB's csv tables"):
        ogb.load()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("arxiv/README", "")
    with pytest.raises(DataFileError, match=r"no zip file .*raw/node-label"):
        ogb.load()
    write(**{"raw/edge": "0,9\n"})
    with pytest.raises(DataFileError, match=r"arxiv\.zip .*from 0\.0 to 9\.0, expected \[0, 4\)"):
        ogb.load()
    write(**{"raw/edge": "0,1.5\n"})
    with pytest.raises(DataFileError, match=r"arxiv\.zip .*edge holds fractions"):
        ogb.load()
    for cell in ("nan", "inf", "1e999"):
        write(**{"raw/node-feat": f"0,1\n0,1\n0,1\n0,{cell}\n"})
        with pytest.raises(DataFileError, match=r"arxiv\.zip .*holds values that are NaN"):
            ogb.load()
    write(**{"raw/node-feat": "0,1\n0,1\n0,1\n0\n"})
    with pytest.raises(DataFileError, match=r"arxiv\.zip .*number of columns"):
        ogb.load()


@pytest.mark.filterwarnings("ignore::longnn.data.DataFileWarning")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0," * 10**6, "a line of a table has more than"),
        ("0\n" * 10**6, "unpacks to"),  # the numbers take four times the text
        ("\n" * 10**7, "unpacks to"),
    ],
)
def test_tables_are_read_piece_by_piece(write, monkeypatch, text, message):
    """Three megabytes of a file could reach eight gigabytes."""
    monkeypatch.setattr(archive, "LIMIT", 5 * 10**6)
    write(**{"raw/node-feat": text})
    tracemalloc.start()
    with pytest.raises(DataFileError, match=rf"arxiv\.zip .*{message}"):
        ogb.load()
    assert tracemalloc.get_traced_memory()[1] < 80 * 10**6
    tracemalloc.stop()


@pytest.mark.filterwarnings("ignore::longnn.data.DataFileWarning")
def test_the_end_of_a_piece_ends_no_line(write, monkeypatch):
    write()
    expected = ogb.load()
    monkeypatch.setattr(ogb, "PIECE", 7)
    made = ogb.load()
    np.testing.assert_array_equal(made.features, expected.features)
    np.testing.assert_array_equal(made.graph.senders, expected.graph.senders)
