"""Pickles of Python 2 and 3: what dataset files hold is read, and nothing else is made."""

import collections
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from longnn.data.limits import Budget
from longnn.data.unpickle import restricted_loads


def loads(data, limit=10**6):
    return restricted_loads(data, Budget(limit))


class Call:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"cos\nsystem\n(S'echo never'\ntR.", "os.system"),
        (pickle.dumps(Call(eval, "1 + 1"), protocol=2), "__builtin__.eval"),
        (pickle.dumps(Call(eval, "1 + 1"), protocol=4), "builtins.eval"),
        (pickle.dumps(collections.OrderedDict(a=1), protocol=2), "collections.OrderedDict"),
        (b"cnumpy\nload\n(S'x'\ntR.", "numpy.load"),
        (b"cbuiltins\nlist.__class__\n.", "builtins.list.__class__"),
    ],
)
def test_refuses_other_globals(data, name):
    with pytest.raises(ValueError, match=f"asks for {name}, .* not a file to trust"):
        loads(data)


def test_reads_the_graph_of_python_2():
    data = (
        b"\x80\x02ccollections\ndefaultdict\nq\x00c__builtin__\nlist\nq\x01\x85q\x02Rq\x03"
        b"(K\x00]q\x04(K\x01K\x02eK\x01]q\x05K\x00au."
    )
    assert loads(data) == {0: [1, 2], 1: [0]}


def test_strings_of_python_2_are_latin1():
    assert loads(b"U\x01\xe9.") == "é"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i8", "|u1", "|b1"])
def test_arrays_are_pickles_own(protocol, dtype):
    """Protocol 2 writes bytes as a call of a codec, which Python 2 had no need of."""
    array = np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype))
    data = pickle.dumps(array, 3 if protocol == 2 else min(protocol, 4))
    found = loads(data)
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.flags.f_contiguous) == (array.dtype, True)


def test_sparse_matrices_and_arrays_of_objects():
    matrix = sparse.csr_matrix([[0, 1.5, 0], [2, 0, 0]])
    np.testing.assert_array_equal(
        loads(_objects(np.array(matrix, dtype=object))).toarray(), matrix.toarray()
    )
    rows = np.empty(2, object)
    rows[:] = [{"train": [0, 1]}, {"train": []}]
    assert loads(_objects(rows)) == [{"train": [0, 1]}, {"train": []}]


def _objects(array):
    return pickle.dumps(array, 3).replace(b"cscipy.sparse._csr", b"cscipy.sparse.csr")


ARRAY = pickle.dumps(np.arange(4, dtype=np.int64), 3)
MATRIX = _objects(sparse.csr_matrix([[0, 1.0, 0], [2, 0, 0]]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        # flags and parts of a dtype, which would make pointers of the bytes
        (ARRAY.replace(b"\x00\x00\x00i8", b"\x00\x00\x00O8"), "fills an array with a bytes"),
        (ARRAY.replace(b"\x00\x00\x00i8", b"\x00\x00\x00V8"), "its dtype is '<V8'"),
        (ARRAY.replace(b"\x00\x00\x00i8", b"\x00\x00\x00i9"), "its dtype is '<i9'"),
        (ARRAY.replace(b"NNNJ", b"NN)J"), "describes numbers with parts"),
        (
            ARRAY.replace(b"(K\x01K\x04\x85", b"(K\x01K\x05\x85"),
            r"32 bytes cannot hold shape \(5,\)",
        ),
        (ARRAY.replace(b"(K\x01K\x04\x85", b"(K\x01J\xff\xff\xff\xff\x85"), "is no shape"),
        (ARRAY[:-1], "the operation ''"),
        # index pointers
        (MATRIX.replace(struct.pack("<3i", 0, 1, 2), struct.pack("<3i", 0, 9, 2)), "must not fall"),
        (MATRIX.replace(struct.pack("<3i", 0, 1, 2), struct.pack("<3i", 0, 1, 3)), "from 0 to 2"),
        (MATRIX.replace(struct.pack("<2i", 1, 0), struct.pack("<2i", 1, 3)), r"expected \[0, 3\)"),
        (MATRIX.replace(struct.pack("<2i", 1, 0), struct.pack("<2i", 1, -1)), r"lie in \[-1, 1\]"),
        # the machine
        (b"\x80\x02]q\x00h\x00a.", "uses a list in two places"),
        (b"\x80\x02h\x07.", "uses a NoneType in two places"),
        (b"\x80\x02\x85.", "more from its stack"),
        (b"\x80\x02(0.", "the operation POP"),
        (b"\x80\x02e.", "no mark"),
        (b"\x80\x02}K\x01K\x02e.", "no mark"),
        (b"\x80\x02}]K\x02s.", "keys other than words"),
        (b"\x80\x02K\x01K\x02a.", "appends to a int"),
        (b"\x80\x02cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R.", "before its object is whole"),
        (b"\x80\x02cnumpy\ndtype\n)R.", "calls dtype with other arguments"),
        (b"\x80\x02cnumpy\ndtype\n)b.", "fills a Name"),
        (b"\x80\x02\x8a\x09" + b"\xff" * 8 + b"\x7f.", "more than 64 bits"),
        (b"\x80\x05\x8d" + b"\xff" * 7 + b"\x7fx.", "expected 9223372036854775807 bytes"),
        (b"\x80\x05\x96" + b"\xff" * 7 + b"\x7fx.", "the operation BYTEARRAY8"),
    ],
)
def test_damaged_pickles(data, message):
    assert data not in (ARRAY, MATRIX)
    with pytest.raises(ValueError, match=message):
        loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02" + b"]" * 10**5 + b".",
        b"\x80\x02" + b"]K\x01a" * 10**5 + b".",
        b"\x80\x02" + b"(" * 10**5 + b".",
        b"\x80\x02K\x01" + b"q\x00\x94" * 10**5 + b".",
    ],
)
def test_memory_is_bounded(data):
    """Each operation counts, so a short file cannot make millions of objects."""
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"longnn\.data\.archive\.LIMIT allows"):
        loads(data, limit=2 * 10**6)
    assert tracemalloc.get_traced_memory()[1] < 3 * 10**6
    tracemalloc.stop()


def test_a_place_far_away_takes_no_memory():
    """Python's own unpickler makes room for every place below it."""
    assert loads(b"\x80\x02K\x07r\xff\xff\xff\xff.") == 7


def test_depth_needs_no_recursion():
    assert loads(b"\x80\x02)" + b"\x85" * 5000 + b".", limit=10**6)[0][0]
