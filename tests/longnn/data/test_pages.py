"""The headers of the pages of parquet files, held against pyarrow's, and changed by a stranger."""

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from longnn.data import archive
from longnn.data.errors import DataFileError
from longnn.data.pages import read_pages
from longnn.data.table import read_table

ROWS = 3000
TABLE = pyarrow.table(
    {
        "node": [f"node {number}" for number in range(ROWS)],
        "label": np.arange(ROWS) % 5,
        "x": np.linspace(0, 1, ROWS),
    }
)

WAYS = {  # how a file is written -> (arguments of pyarrow, encodings of its pages)
    "plain": ({"use_dictionary": False}, {0}),
    "codes": ({}, {8}),
    "zstd": ({"compression": "zstd"}, {8}),
    "version 2": ({"data_page_version": "2.0"}, {8}),
    "groups": ({"row_group_size": 100, "use_dictionary": False}, {0}),
    "small pages": ({"data_page_size": 500, "use_dictionary": False}, {0}),
    "prefixes": (
        {"use_dictionary": False, "column_encoding": {"node": "DELTA_BYTE_ARRAY"}}, {0, 7}
    ),
    "lengths": (
        {"use_dictionary": False, "column_encoding": {"node": "DELTA_LENGTH_BYTE_ARRAY"}}, {0, 6}
    ),
    "index": ({"write_page_index": True}, {8}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_page_is_found(tmp_path, way):
    arguments, encodings = WAYS[way]
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(TABLE, path, **arguments)
    pages = read_pages(path)
    whole = pyarrow.parquet.read_metadata(path)
    groups = [whole.row_group(number) for number in range(whole.num_row_groups)]
    said = sum(group.total_byte_size for group in groups)  # with headers, up to 99 bytes a page
    assert said * 0.5 < pages.size < said
    assert pages.largest <= pages.size
    assert pages.encodings == encodings
    table = read_table(path, 2)
    assert table.text[0] == TABLE["node"].to_pylist()
    np.testing.assert_array_equal(table.numbers[:, 0], TABLE["x"])


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr(archive, "LIMIT", 10**6)


def varint(value):
    """A number >= 0 in Thrift's compact protocol, which doubles it."""
    value, out = 2 * value, bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.usefixtures("limit")
def test_a_size_that_is_not_true(tmp_path):
    path = tmp_path / "t.parquet"
    table = pyarrow.table({"node": ["a" * 900_000], "label": ["b"]})
    pyarrow.parquet.write_table(table, path, compression="zstd", use_dictionary=False)
    for size in (pyarrow.parquet.read_metadata(path).row_group(0).total_byte_size, 900_000):
        said = varint(size)
        nothing = bytes([*[128] * (len(said) - 1), 0])
        path.write_bytes(path.read_bytes().replace(said, nothing))
    assert pyarrow.parquet.read_metadata(path).row_group(0).total_byte_size == 0
    with pytest.raises(DataFileError, match=r"t\.parquet takes more than the 0\.001 GB"):
        read_table(path, 2)


@pytest.mark.usefixtures("limit")
def test_a_word_of_a_dictionary_that_every_row_repeats(tmp_path):
    coded = pyarrow.DictionaryArray.from_arrays(np.zeros(ROWS, np.int8), ["a" * 10_000])
    table, path = pyarrow.table({"node": coded, "x": np.zeros(ROWS)}), tmp_path / "t.parquet"
    split = {"use_dictionary": ["node"], "column_encoding": {"x": "BYTE_STREAM_SPLIT"}}
    pyarrow.parquet.write_table(table, path, **split)
    assert path.stat().st_size < 10_000
    with pytest.raises(DataFileError, match=r"t\.parquet takes more than the 0\.001 GB"):
        read_table(path, 1)
    pyarrow.parquet.write_table(table, path)
    assert read_table(path, 1).text[0] == ["a" * 10_000] * ROWS


def footed(path, footer):
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return path


@pytest.mark.parametrize(
    ("footer", "message"),
    [
        (b"", "its headers cannot be read .IndexError"),
        (b"\x15\x02\x05\x02\x04\x00", "have a field 1 twice"),
        (b"\x15\xff\xff\xff\xff\x7f\x00", "expected a number of 32 bits"),
        (b"\x16" + b"\xff" * 10 + b"\x00", "a number of more than 64 bits"),
        (b"\x1b\x00\x00", "a field of kind 11, of which parquet has none"),
        (b"\x1c" * 20, "nested too deeply"),
        (b"\x19" * 5000, "nested too deeply"),
        (b"\x49\xfc\xff\xff\xff\xff\x0f\x00", "IndexError: 4294967295 bytes after byte 7 of 8"),
        (b"\x00", r"KeyError: \(4, 9\)"),
    ],
)
def test_headers_that_pyarrow_could_read_in_another_way_are_refused(tmp_path, footer, message):
    with pytest.raises(DataFileError, match=f"t.parquet is damaged or no parquet file.*{message}"):
        read_table(footed(tmp_path / "t.parquet", footer), 1)


@pytest.mark.parametrize("kind", ["text", "numbers"])
def test_columns_of_other_lengths_than_the_table(tmp_path, kind):
    """Each 12 that the headers hold is made an 8 in turn, as the number of rows of a page is."""
    path, texts = tmp_path / "t.parquet", {"text": 2, "numbers": 1}[kind]
    names = [f"n{number}" for number in range(12)]
    table = pyarrow.table({"node": names, "x": np.arange(12) % 3 + 0.5})
    pyarrow.parquet.write_table(table, path, use_dictionary=False, compression="none")
    whole, told = path.read_bytes(), []
    for place in range(len(whole)):
        if whole[place] == 2 * 12:
            path.write_bytes(whole[:place] + bytes([2 * 8]) + whole[place + 1 :])
            try:
                found = read_table(path, texts)
                assert all(len(column) == 12 for column in found.text)
                assert len(found.numbers) == 12
            except DataFileError as error:
                told.append(str(error))
    assert f"{path} is damaged: it has 12 rows, and columns of 8" in told
