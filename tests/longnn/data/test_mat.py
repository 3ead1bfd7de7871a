"""MAT-files against scipy's own reader and writer, and what damage comes to."""

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io
from scipy import sparse

from longnn.data import DataFileError, archive, fetch
from longnn.data.mat import read_mat

RNG = np.random.default_rng(3)
ARRAYS = {
    "double": RNG.normal(size=(3, 4)),
    "single": RNG.normal(size=(5, 1)).astype(np.float32),
    "x": np.array([[7]], np.uint8),  # small elements hold name and value
    "long_name_of_a_variable": np.arange(6, dtype=np.int64).reshape(2, 3),
    "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    "truth": np.array([[True, False]]),
    "matrix": sparse.csc_matrix([[0, 1.5, 0, 2], [3, 0, 0, 0]]),
    "pattern": sparse.csc_matrix(np.eye(4, dtype=bool)),
    "empty": sparse.csc_matrix((3, 5)),
}


def assert_equal(found, expected):
    assert found.shape == expected.shape
    if sparse.issparse(expected):
        found.sum_duplicates()
        np.testing.assert_array_equal(found.toarray(), expected.toarray())
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("packed", [False, True])
def test_what_scipy_writes(tmp_path, packed):
    path = tmp_path / "a.mat"
    others = {"words": "text", "cells": np.array([1, "a"], object), "z": np.array([1 + 2j])}
    scipy.io.savemat(path, ARRAYS | others, do_compression=packed)
    theirs = scipy.io.loadmat(path, spmatrix=False)
    found = read_mat(path, list(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name in ARRAYS:
        assert_equal(found[name], theirs[name])
    for name in others:
        with pytest.raises(DataFileError, match=f"a.mat .*variable '{name}' holds no real numbers"):
            read_mat(path, [name])


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("facebook100/Cornell5.mat", ("A", "local_info")),
        ("facebook100/Johns Hopkins55.mat", ("A", "local_info")),
        ("image-filters/2Dgrid.mat", ("F", "mask")),
    ],
)
def test_upstream_files_as_scipy_reads_them(file, names):
    found = read_mat(fetch(file), names)
    theirs = scipy.io.loadmat(fetch(file), variable_names=names, spmatrix=False)
    for name in names:
        assert_equal(found[name], theirs[name])
        assert found[name].dtype == theirs[name].dtype


def element(kind, content, order="<"):
    return struct.pack(order + "II", kind, len(content)) + content + bytes(-len(content) % 8)


def variable(order, flags, sizes, *numbers, name=b"v"):
    parts = (
        element(6, struct.pack(order + "II", flags, 0), order),
        element(5, struct.pack(f"{order}{len(sizes)}i", *sizes), order),
        element(1, name, order),
    )
    return element(14, b"".join(parts + numbers), order)


def file_of(tmp_path, content, order="<"):
    mark = b"\0\1IM" if order == "<" else b"\1\0MI"
    path = tmp_path / "made.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + mark + content)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(tmp_path, order):
    """scipy reads both as well."""
    numbers = element(3, np.array([1, -2, 3, 4], order + "i2").tobytes(), order)
    path = file_of(tmp_path, variable(order, 6, (2, 2), numbers), order)
    found = read_mat(path, ["v"])["v"]
    np.testing.assert_array_equal(found, [[1, 3], [-2, 4]])
    np.testing.assert_array_equal(scipy.io.loadmat(path, spmatrix=False)["v"], found)
    assert found.dtype.isnative


def sparse_variable(rows, starts, values, sizes=(3, 2), flags=5):
    parts = (rows, np.int32), (starts, np.int32), (values, np.float64)
    kinds = {np.int32: 5, np.float64: 9}
    numbers = [element(kinds[kind], np.array(part, kind).tobytes()) for part, kind in parts]
    return variable("<", flags, sizes, *numbers)


DOUBLES = element(9, np.arange(4.0).tobytes())
BOMB = zlib.compress(struct.pack("<II", 14, 10**8) + variable("<", 6, (2, 2), DOUBLES)[8:])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sparse_variable([0, 2], [0, 1, 3], [1, 2]), "must be 3 numbers from 0 to 2"),
        (sparse_variable([0, 2], [0, 5, 2], [1, 2]), "must not fall"),
        (sparse_variable([0, 2], [0, -5, 2], [1, 2]), "must not fall"),
        (sparse_variable([0, 2], [1, 1, 2], [1, 2]), "from 0 to 2"),
        (sparse_variable([0, 2], [0, 1, -1], [1, 2]), "from 0 to"),
        (sparse_variable([0, 2], [0, 2], [1, 2]), "must be 3 numbers"),
        (sparse_variable([0], [0, 1, 2], [1, 2]), "2 entries, but 1 indices"),
        (sparse_variable([0, 3], [0, 1, 2], [1, 2]), r"lie in \[0, 3\], expected \[0, 3\)"),
        (sparse_variable([0, -1], [0, 1, 2], [1, 2]), r"lie in \[-1, 0\]"),
        (sparse_variable([0, 2], [0, 1, 2], [1, 2], sizes=(3, -2)), "two sizes"),
        (sparse_variable([0, 2], [0, 1, 2], [1, 2], sizes=(3, 2, 1)), "two sizes"),
        (sparse_variable([0, 2], [0, 1, 2], [1, 2], flags=0x0805), "no real numbers"),
        (variable("<", 6, (2, 3), DOUBLES), r"4 numbers cannot have the sizes \(2, 3\)"),
        (variable("<", 6, (-2, -2), DOUBLES), "cannot have the sizes"),
        (variable("<", 6, (2, 2)), "not enough values"),
        (variable("<", 6, (2, 2), DOUBLES, name=b"w"), "it has no array v"),
        (variable("<", 6, (2, 2), element(9, bytes(31))), "buffer size must be a multiple"),
        (variable("<", 6, (2, 2), element(10, bytes(32))), "an element of type 10"),
        (variable("<", 6, (2, 2), DOUBLES)[:-1], "bytes stands where"),
        (variable("<", 6, (2, 2), DOUBLES)[:4], "struct.error|unpack_from"),
        (element(9, bytes(8)), "type 9 stands where a variable belongs"),
        (element(15, b"no zlib"), "incorrect header"),
        (element(15, BOMB), "a variable unpacks to 96 bytes, expected 100000008"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    with pytest.raises(DataFileError, match=rf"made\.mat is damaged or no MAT-file.*({message})"):
        read_mat(file_of(tmp_path, content), ["v"])


def test_room_that_is_not_used(tmp_path):
    """MATLAB may leave space behind the last entry."""
    path = file_of(tmp_path, sparse_variable([0, 2, 99, 99], [0, 1, 2], [1, 2, 7, 7]))
    np.testing.assert_array_equal(read_mat(path, ["v"])["v"].toarray(), [[1, 0], [0, 0], [0, 2]])


def test_no_mat_file(tmp_path):
    path = tmp_path / "old.mat"
    for content in (b"", b"x" * 500):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=r"old\.mat .*its header is another one"):
            read_mat(path, ["v"])


@pytest.mark.parametrize("names", [["zeros"], ["one"]])
def test_unpacking_is_bounded(tmp_path, monkeypatch, names):
    """What is not asked for is not unpacked."""
    made = io.BytesIO()
    content = {"zeros": np.zeros((1000, 1000)), "one": np.ones((1, 1))}
    scipy.io.savemat(made, content, do_compression=True)
    path = tmp_path / "bomb.mat"
    path.write_bytes(made.getvalue())
    monkeypatch.setattr(archive, "LIMIT", 10**6)
    if names == ["one"]:
        assert read_mat(path, names)["one"] == 1
        return
    with pytest.raises(DataFileError, match=r"bomb\.mat .*unpacks to 0\.016 GB, more than"):
        read_mat(path, names)
