import collections
import pickle

import numpy as np
import pytest

from longnn.data.unpickle import restricted_loads


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
    with pytest.raises(pickle.UnpicklingError, match=f"asks for {name}, .* not a file to trust"):
        restricted_loads(data)


def test_reads_the_graph_of_python_2():
    data = (
        b"\x80\x02ccollections\ndefaultdict\nq\x00c__builtin__\nlist\nq\x01\x85q\x02Rq\x03"
        b"(K\x00]q\x04(K\x01K\x02eK\x01]q\x05K\x00au."
    )
    assert restricted_loads(data) == {0: [1, 2], 1: [0]}


def test_reads_a_dtype_of_python_2_without_a_warning():
    assert restricted_loads(b"cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR.") == np.float32


def test_strings_of_python_2_are_latin1():
    assert restricted_loads(b"U\x01\xe9.") == "é"
