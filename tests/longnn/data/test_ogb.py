"""OGB's zipped tables, on a small file of our own making: the real one was never at hand."""

import gzip
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
def test_unfit_files(write, monkeypatch, tmp_path):
    path = tmp_path / "ogb" / "arxiv.zip"
    path.write_text("no zip")
    with pytest.raises(DataFileError, match="is no zip file of OGB's csv tables"):
        ogb.load()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("arxiv/README", "")
    with pytest.raises(DataFileError, match=r"is no zip file .*raw/edge"):
        ogb.load()
    write(**{"raw/edge": "0,9\n"})
    with pytest.raises(ValueError, match=r"node indices must lie in \[0, 4\)"):
        ogb.load()
    write(**{"raw/node-feat": "0," * 10**6})
    monkeypatch.setattr(archive, "LIMIT", 10**5)
    with pytest.raises(DataFileError, match="unpacks to more than"):
        ogb.load()
