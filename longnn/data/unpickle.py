"""Old pickles of arrays and sparse matrices, read by a small machine that can make nothing else.

Python's own unpickler calls what a file names, lets the file fill the objects, and makes room for
any number that the file gives: even with NumPy's types alone, raw bytes become pointers. Here names
stand for themselves, objects are blanks until their state has been checked (in standins.py), and
the few operations that dataset files use are all there are.
"""

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from longnn.data.limits import Budget
from longnn.data.standins import Blank, Name, built, called, named, unknown

OPERATION = 128
"""Bytes that each operation counts for, enough for every object that one of them makes."""

_WIDEST = 4
"""Bytes that a character of a text may take, whose other characters take one in the file."""


def restricted_loads(data: bytes, budget: Budget) -> Any:  # whatever was pickled, of these kinds
    """Reads a pickle of what the dataset files hold, and nothing else.

    Args:
        data: a pickle of protocol 2 to 5, of Python 2 or 3; Python 2's strings are read as latin1.
        budget: from which everything is taken that the pickle makes.

    Returns:
        Arrays of numbers, CSR matrices, lists, dictionaries, tuples, numbers and texts. An array of
        objects becomes a list of them, or the object itself if the array has no dimension.

    Raises:
        ValueError: if the pickle is broken, too large, uses a list in two places, or asks for
            anything else.
    """
    budget.take(_WIDEST * len(data))
    machine, stream = _Machine(budget), io.BytesIO(data)
    while True:
        code = stream.read(1).decode("latin-1")
        operation = _BY_CODE.get(code)
        if operation is None or operation.name not in _OPERATIONS:
            name = repr(code) if operation is None else operation.name
            raise ValueError(f"the pickle has the operation {name}, which no dataset file needs")
        budget.take(OPERATION)
        reader = _global if operation.name == "GLOBAL" else getattr(operation.arg, "reader", None)
        argument = None if reader is None else reader(stream)
        if operation.name == "STOP":
            return machine.finished()
        _OPERATIONS[operation.name](machine, argument)


def _global(stream: io.BytesIO) -> str:
    """Module and name, a line each; the reader of `pickletools` would undo escapes."""
    return " ".join(stream.readline(200).decode("ascii").rstrip("\n") for _ in range(2))


@dataclass
class _Machine:
    """The stack, the marks in it, and what was kept for later."""

    budget: Budget
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def push(self, value: Any) -> None:
        """Puts a value on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Takes the top of the stack, above the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise ValueError("the pickle takes more from its stack than is there")
        return self.stack.pop()

    def popped(self, count: int) -> tuple[Any, ...]:
        """Takes the last ``count`` values, the oldest first."""
        return tuple(self.pop() for _ in range(count))[::-1]

    def to_mark(self) -> list[Any]:
        """Takes everything above the last mark, and the mark."""
        if not self.marks:
            raise ValueError("the pickle has no mark where one is needed")
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def append(self, values: list[Any]) -> None:
        """Appends to the list that is the top of the stack."""
        self.push(target := self.pop())
        if type(target) is not list:
            raise unknown(f"appends to a {type(target).__name__}")
        target.extend(values)

    def set(self, values: list[Any]) -> None:
        """Sets keys and values of the dictionary that is the top of the stack."""
        self.push(target := self.pop())
        if type(target) is not dict:
            raise unknown(f"sets items of a {type(target).__name__}")
        if len(values) % 2 or not all(type(key) in (str, int) for key in values[::2]):
            raise ValueError("the pickle has keys other than words and whole numbers")
        target.update(zip(values[::2], values[1::2], strict=True))

    def keep(self, place: int | None) -> None:
        """Keeps the top of the stack for later."""
        self.push(found := self.pop())
        self.memo[len(self.memo) if place is None else place] = found

    def get(self, place: int) -> None:
        """Takes again what was kept; a list in two places could be as long as one likes."""
        found = self.memo.get(place)
        found = found.value if isinstance(found, Blank) else found
        if not isinstance(found, str | bytes | Name | np.dtype | np.ndarray):
            raise unknown(f"uses a {type(found).__name__} in two places")
        self.push(found)

    def build(self) -> None:
        """Fills what lies below the top of the stack with it."""
        blank, state = self.popped(2)
        self.push(built(blank, state, self.budget))

    def integer(self, number: int) -> None:
        """Puts a number of at most 64 bits on the stack."""
        if not -(2**63) <= number < 2**63:
            raise ValueError("the pickle holds a number of more than 64 bits")
        self.push(number)

    def finished(self) -> Any:
        """What is left at the end."""
        found = self.pop()
        if self.stack or self.marks or isinstance(found, Blank | Name):
            raise ValueError("the pickle ends before its object is whole")
        return found


_BY_CODE = {operation.code: operation for operation in pickletools.opcodes}

_Operation: TypeAlias = Callable[[_Machine, Any], None]

_NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1")
_TEXTS = (
    *("SHORT_BINSTRING", "BINSTRING", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BINFLOAT"),
)

_OPERATIONS: dict[str, _Operation] = {
    **dict.fromkeys(_NUMBERS, _Machine.integer),
    **dict.fromkeys(_TEXTS, _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.to_mark())),
    "TUPLE1": lambda machine, _: machine.push(machine.popped(1)),
    "TUPLE2": lambda machine, _: machine.push(machine.popped(2)),
    "TUPLE3": lambda machine, _: machine.push(machine.popped(3)),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.to_mark()),
    "SETITEM": lambda machine, _: machine.set(list(machine.popped(2))),
    "SETITEMS": lambda machine, _: machine.set(machine.to_mark()),
    "BINPUT": _Machine.keep,
    "LONG_BINPUT": _Machine.keep,
    "MEMOIZE": _Machine.keep,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": lambda machine, name: machine.push(named(name)),
    "STACK_GLOBAL": lambda machine, _: machine.push(named("{} {}".format(*machine.popped(2)))),
    "NEWOBJ": lambda machine, _: machine.push(called(*machine.popped(2))),
    "REDUCE": lambda machine, _: machine.push(called(*machine.popped(2))),
    "BUILD": lambda machine, _: machine.build(),
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),
}
"""What a dataset file may ask for, by the names of Python's `pickletools`."""
