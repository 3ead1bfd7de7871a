"""csv and parquet files that are damaged, large, or of another kind than was said."""

import itertools
import tracemalloc

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from longnn.data import DataFileError, archive, edgelist
from longnn.data.table import read_table
from tests.longnn.data.test_faults import GIVEN, NAMES, NODES, by_csv, by_parquet


@pytest.fixture
def paths(tmp_path):
    """Three good csv files."""
    by_csv(tmp_path, GIVEN, {})
    return {name: tmp_path / f"{name}.csv" for name in GIVEN}


def labels_of(paths, content):
    """The labels of the graph with another file of labels."""
    write = (
        paths["labels"].write_bytes if isinstance(content, bytes) else paths["labels"].write_text
    )
    write(content)
    return edgelist.load(**paths)


LINES = ["node,label", *(f"{name},{'lämp'[i % 2]}" for i, name in enumerate(NAMES))]
TEXT = "\n".join(LINES) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_are_read(paths, encoding):
    made = labels_of(paths, TEXT.encode(encoding))
    assert made.class_names == ("l", "ä")
    np.testing.assert_array_equal(made.labels, GIVEN["labels"])


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_ends_of_lines(paths, end):
    assert labels_of(paths, TEXT.replace("\n", end).encode()).class_names == ("l", "ä")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT.encode("latin-1"), "line 3 of .*labels.csv is no text in UTF-8 .*save as UTF-8"),
        (TEXT.encode("utf-16-le"), "labels.csv (is no text|holds a NUL).*save as UTF-8"),
        (TEXT.encode("utf-32"), "labels.csv (is no text|holds a NUL).*save as UTF-8"),
        (TEXT.encode("utf-16") + b"\x00", "labels.csv is no text in UTF-16"),
        (TEXT.replace("n3,", "n3\0,"), "line 5 of .*labels.csv holds a NUL byte"),
        (TEXT.replace("n3,", '"n3,'), "labels.csv is no csv .unexpected end of data"),
        (
            TEXT.replace("n3", "n" * 140_000),
            "line 5 of .*is no csv .*field larger than field limit",
        ),
        (TEXT.replace(",", ";"), "has 1 columns and 12 rows, expected .* separated by commas"),
        (TEXT.replace("node,label\n", ""), r"labels.csv has no header: .*a node \(n0,l\); write"),
        ("", "has 0 columns and 0 rows"),
        ("\n\n", "has 0 columns and 0 rows"),
    ],
)
def test_files_that_are_refused(paths, content, message):
    with pytest.raises(DataFileError, match=message):
        labels_of(paths, content)


def test_a_directory_in_place_of_a_file(paths, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataFileError, match=r"folder\.csv is a directory; give a csv file"):
        edgelist.load(**paths | {"edges": tmp_path / "folder.csv"})


def test_a_header_is_needed(paths):
    for name, message in (
        ("edges", r"edges.csv has no header: its first line holds names of nodes \(n0,n1\)"),
        ("features", r"features.csv has no header: its first line holds numbers \(n0,0\.1"),
    ):
        text = paths[name].read_text()
        paths[name].write_text(text.partition("\n")[2])
        with pytest.raises(DataFileError, match=message):
            edgelist.load(**paths)
        paths[name].write_text(text)


def test_columns_that_are_numbered_are_a_header(paths):
    """As pandas writes them, unless the first name is that of a node."""
    text = paths["features"].read_text()
    paths["features"].write_text(text.replace("node,x0,x1,x2", ",0,1,2"))
    assert edgelist.load(**paths).features.shape == (NODES, 3)
    paths["features"].write_text(text.replace("node,x0,x1,x2", "n13,0,1,2"))
    paths["labels"].write_text(paths["labels"].read_text() + "n13,1\n")
    with pytest.raises(DataFileError, match=r"features\.csv has no header"):
        edgelist.load(**paths)


def test_a_node_may_be_called_like_a_column(paths):
    for path in paths.values():
        path.write_text(path.read_text().replace("n0,", "node,").replace("n0\n", "node\n"))
    np.testing.assert_array_equal(edgelist.load(**paths).labels, GIVEN["labels"])


def test_blanks_do_not_count(paths):
    for path in paths.values():
        path.write_text(path.read_text().replace(",", " , "))
    made = edgelist.load(**paths)
    np.testing.assert_array_equal(made.features, GIVEN["features"].astype(np.float32))
    assert made.class_names == ("0", "1")


@pytest.mark.parametrize("cell", ["1_0", "", "²", "one", "0x1"])
def test_a_cell_that_is_no_number(paths, cell):
    text = paths["features"].read_text().splitlines()
    text[3] = f"n2,0,{cell},0"
    paths["features"].write_text("\n".join(text))
    with pytest.raises(
        ValueError, match=f"line 4 of .*column 'x1': expected a number, got '{cell}'"
    ):
        edgelist.load(**paths)


def test_lines_are_counted_as_an_editor_does(paths):
    text = 'node,label\n"n\n0",1\n\nn1\n'
    with pytest.raises(DataFileError, match=r"line 5 of .*labels\.csv has 1 cells"):
        labels_of(paths, text)


def test_no_room_is_taken_for_the_longest_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("node,x\n" + "x" * 100_000 + ",1\n" + "".join(f"n{i},1\n" for i in range(1000)))
    tracemalloc.start()
    table = read_table(path, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table.text[0]) == 1001
    assert peak < 5e6  # 400 MB, as an array of texts of one width


LIMIT = 10**6


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr(archive, "LIMIT", LIMIT)


def written(path, **columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def repeated(count):
    return {"node": np.repeat(["a"], count), "x": np.zeros(count)}


def long_names(count):
    coded = pyarrow.DictionaryArray.from_arrays(np.zeros(count, np.int8), ["a" * 10_000])
    return {"node": coded, "x": np.zeros(count)}


def of_one_beginning(path, count):
    """Names that share all but their ends, stored as such."""
    names = ["a" * 10_000 + str(number) for number in range(count)]
    table = pyarrow.table({"node": names, "x": np.zeros(count)})
    pyarrow.parquet.write_table(
        table, path, use_dictionary=False, column_encoding={"node": "DELTA_BYTE_ARRAY",
                                                            "x": "PLAIN"}
    )  # fmt: skip
    return path


@pytest.mark.usefixtures("limit")
def test_large_tables_are_refused_before_they_are_unpacked(tmp_path):
    path = tmp_path / "t.parquet"
    for packed in (written(path, **repeated(10**6)), of_one_beginning(path, 1000)):
        assert packed.stat().st_size < LIMIT // 10
        tracemalloc.start()
        with pytest.raises(DataFileError, match=r"t\.parquet takes more than the 0\.001 GB"):
            read_table(packed, 1)
        assert tracemalloc.get_traced_memory()[1] < 5 * LIMIT
        tracemalloc.stop()


def test_names_that_are_stored_by_their_ends(tmp_path):
    found = read_table(of_one_beginning(tmp_path / "t.parquet", 200), 1)
    assert [len(name) for name in found.text[0]] == [10_001] * 10 + [10_002] * 90 + [10_003] * 100


@pytest.mark.usefixtures("limit")
def test_a_long_name_counts_once(tmp_path):
    table = read_table(written(tmp_path / "t.parquet", **long_names(10_000)), 1)
    assert len(table.text[0]) == 10_000
    assert len(set(map(id, table.text[0]))) == 1


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize(
    "lines",
    [
        ["node,x", *(f"n{number},1" for number in range(20_000))],
        ["node,x", "," * 50_000],
        ["node,x", "n" * LIMIT],
    ],
)
def test_large_csv_files_are_refused(tmp_path, lines):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataFileError, match=r"t\.csv takes more than the 0\.001 GB"):
        read_table(path, 1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [[1.0]] * NODES}, "column 'x' of .*: expected numbers, got list"),
        ({"x": ["1"] * NODES}, "column 'x' of .*: expected numbers, got string"),
        ({"x": pyarrow.array([1] * NODES, pyarrow.timestamp("s"))}, "got timestamp"),
        ({"node": [[1]] * NODES, "x": [1.0] * NODES}, "'node' .*: expected text or numbers, got l"),
        ({"x": [None] * NODES}, "expected numbers, got null"),
    ],
)
def test_types_of_parquet(tmp_path, columns, message):
    path = written(tmp_path / "t.parquet", **{"node": NAMES} | columns)
    with pytest.raises(ValueError, match=message):
        read_table(path, 1)


def test_two_columns_of_one_name(tmp_path):
    table = pyarrow.Table.from_arrays([NAMES, [1.0] * NODES, [2.0] * NODES], ["node", "x", "x"])
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="has two columns 'x'; rename or drop one"):
        read_table(tmp_path / "t.parquet", 1)


def test_names_of_every_type(tmp_path):
    """A column of numbers reads alike, whole or not, of every type."""
    columns = {
        "int": [1, 2, None], "float": [1.0, 2.0, None], "text": ["1", "2 ", None],
        "bytes": [b"1", b"2", None], "coded": pyarrow.array(["1", "2", None]).dictionary_encode(),
    }  # fmt: skip
    for column in columns.values():
        path = written(tmp_path / "t.parquet", node=column, label=["a", "b", "a"])
        assert read_table(path, 2).text == [["1", "2", ""], ["a", "b", "a"]]


def test_missing_numbers_of_parquet_are_found(tmp_path):
    path = written(tmp_path / "t.parquet", node=["a", "b"], x=[1, None], y=[True, False])
    np.testing.assert_array_equal(read_table(path, 1).numbers, [[1, 1], [np.nan, 0]])


def test_many_rows_of_parquet(tmp_path):
    """More than are unpacked at once, in several groups, with missing names."""
    count = 5000
    names = [None if number % 7 == 0 else f"n{number % 100}" for number in range(count)]
    table = pyarrow.table({"node": names, "x": np.arange(count)})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=1500)
    found = read_table(tmp_path / "t.parquet", 1)
    assert found.text[0] == ["" if name is None else name for name in names]
    np.testing.assert_array_equal(found.numbers[:, 0], np.arange(count))


def test_the_index_of_pandas_is_no_feature(tmp_path):
    name = "__index_level_0__"
    path = written(tmp_path / "t.parquet", **{"node": ["a", "b"], "x": [1, 2], name: [0, 1]})
    with pytest.raises(ValueError, match=f"has a column '{name}', as pandas .* ignore="):
        read_table(path, 1)
    np.testing.assert_array_equal(read_table(path, 1, [name]).numbers, [[1], [2]])


def test_blanks_before_quotes(tmp_path):
    (tmp_path / "t.csv").write_text('node, "label"\na, "u"\n b,"u"\nc , u\n')
    table = read_table(tmp_path / "t.csv", 2)
    assert (table.header, table.text) == (["node", "label"], [["a", "b", "c"], ["u", "u", "u"]])


def test_damaged_parquet(tmp_path):
    """Every tenth byte is changed in turn: the file is read, or refused with its name."""
    by_parquet(tmp_path, GIVEN, {})
    paths = {name: tmp_path / f"{name}.parquet" for name in GIVEN}
    whole, refused = paths["labels"].read_bytes(), []
    for place, changed in itertools.product(range(0, len(whole), 10), (0, 255)):
        paths["labels"].write_bytes(whole[:place] + bytes([changed]) + whole[place + 1 :])
        try:
            read_table(paths["labels"], 2)
        except (DataFileError, ValueError) as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all(str(paths["labels"]) in message for message in refused)
