"""Reads a pickle of plain data without unpickling it: nothing named in the file is imported or called.

`pickle.Unpickler` with a `find_class` that hands out stand-ins would still call them, fill their `__dict__`, honour the
extension registry and trust the file for the sizes it allocates; that it does no harm has to be shown anew for each
stand-in and each Python. This interpreter knows nothing but data: it walks the opcodes that `pickletools.genops` names,
builds strings, numbers, lists, tuples and dicts, and takes a global for what it is in the file, two strings. An opcode
or a global that is not listed here ends the reading: what cannot be said in this language cannot happen.

There is no recursion, every length is checked against what is left of the file before memory is taken for it, and keys
are strings and numbers, so that neither deep nesting nor a forged size brings the process down.
"""

import pickletools
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

MAX_OPCODES = 50_000_000
"""More are refused: each makes an object of at most some eighty bytes beside the text it holds."""

MAX_BYTES = 8 << 30
_LONGEST_LINE = 4096

Name: TypeAlias = tuple[str, str]
"""A global: module and qualified name."""

_DATE: Name = ("datetime", "date")
_DATETIME: Name = ("datetime", "datetime")


class RefusedPickle(Exception):
    """The file is broken, or holds what plain data does not. Says where, and never what text is there."""


@dataclass(frozen=True, slots=True)
class Global:
    """A name in the file. Nothing of that name is ever looked up."""

    name: Name


@dataclass(slots=True)
class Instance:
    """What the file calls an object: the name of its class and its state, as data."""

    name: Name
    state: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Set:
    """A set. Its members are of no interest to anybody here."""


class _Bounded:
    """A file that refuses to read more than is left of it, and lines without end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._at = 0

    def read(self, count: int) -> bytes:
        self._at += count
        if self._at > self._size:
            raise ValueError("cut short")
        return self._file.read(count)

    def readline(self) -> bytes:
        data = self._file.readline(_LONGEST_LINE)
        self._at += len(data)
        return data

    def tell(self) -> int:
        return self._at


def read_inert(path: Path, classes: Collection[Name]) -> object:
    """The one value of a pickle file: None, bool, int, float, str, bytes, date, datetime, list, tuple, dict, Instance.

    Instances are of the `classes` named, and only these.

    Raises:
        RefusedPickle: the file is broken or too large, or holds another opcode or global.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise RefusedPickle(f"it is larger than {MAX_BYTES >> 30} GiB")
    machine = _Machine(classes)
    count = position = 0
    with path.open("rb") as file:
        try:
            for opcode, argument, at in pickletools.genops(cast(BinaryIO, _Bounded(file, size))):
                position, count = at or 0, count + 1
                if count > MAX_OPCODES:
                    raise RefusedPickle(f"it holds more than {MAX_OPCODES:,} opcodes")
                step = _STEPS.get(opcode.name)
                if step is None:
                    raise RefusedPickle(f"opcode {opcode.name} at byte {position} has no place in plain data")
                step(machine, argument)
        except (ValueError, IndexError, KeyError, TypeError, struct.error):
            # The cause is not chained: its message may quote the text of the file.
            raise RefusedPickle(f"it is cut short or broken near byte {position}") from None
    if machine.marks or len(machine.stack) != 1:
        raise RefusedPickle("it ends in the middle of a value")
    return machine.stack[0]


class _Machine:
    """The stack, the marks in it, and the memo."""

    def __init__(self, classes: Collection[Name]) -> None:
        self.classes = frozenset(classes)
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        return self.stack.pop()

    def mark(self, _: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        taken, self.stack = self.stack, self.marks.pop()
        return taken

    def top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ValueError("another kind of value was expected")
        return self.stack[-1]

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise ValueError("nothing is left on the stack")
        taken = self.stack[-count:]
        del self.stack[-count:]
        self.push(tuple(taken))

    def set_items(self, flat: list[Any]) -> None:
        target = self.top(dict)
        if len(flat) % 2:
            raise ValueError("a key without a value")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if not isinstance(key, str | int | float | None):
                raise ValueError("keys are strings and numbers")
            target[key] = value

    def extend(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def add_items(self) -> None:
        self.pop_mark()
        self.top(_Set)

    def find_global(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("the name of a global is two strings")
        if (module, name) not in self.classes | {_DATE, _DATETIME}:
            raise RefusedPickle(
                f"it names {ascii(f'{module}.{name}')[1:-1][:120]}, which is not read from a file like this"
            )
        self.push(Global((module, name)))

    def stack_global(self, _: object) -> None:
        name, module = self.pop(), self.pop()
        self.find_global(module, name)

    def new_object(self, _: object) -> None:
        arguments, named = self.pop(), self.pop()
        if type(named) is not Global or named.name not in self.classes or arguments != ():
            raise RefusedPickle("it makes an object in a way that no such file does")
        self.push(Instance(named.name))

    def build(self, _: object) -> None:
        state = self.pop()
        if type(state) is not dict:
            raise ValueError("the state of an object is a dict")
        self.top(Instance).state = state

    def reduce(self, _: object) -> None:
        """The one call that is understood, and made without calling: a date of `datetime.__reduce__`'s form."""
        arguments, named = self.pop(), self.pop()
        if type(named) is not Global or type(arguments) is not tuple or len(arguments) != 1:
            raise RefusedPickle("it calls something")
        packed = arguments[0]
        if named.name == _DATE and type(packed) is bytes and len(packed) == 4:
            self.push(date(packed[0] * 256 + packed[1], packed[2], packed[3]))
        elif named.name == _DATETIME and type(packed) is bytes and len(packed) == 10:
            year, month, (day, hour, minute, second) = packed[0] * 256 + packed[1], packed[2] & 127, packed[3:7]
            self.push(datetime(year, month, day, hour, minute, second, int.from_bytes(packed[7:], "big")))
        else:
            raise RefusedPickle("it calls something")

    def memoize(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]


def _split_global(machine: _Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.find_global(module, name)


_VALUES = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES"),
)
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),
    **dict.fromkeys(_VALUES, _Machine.push),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": _Machine.mark,
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_mark())),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_mark()),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "SETITEM": lambda machine, _: machine.set_items([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_mark()),
    "EMPTY_SET": lambda machine, _: machine.push(_Set()),
    "ADDITEMS": lambda machine, _: machine.add_items(),
    "GLOBAL": _split_global,
    "STACK_GLOBAL": _Machine.stack_global,
    "NEWOBJ": _Machine.new_object,
    "BUILD": _Machine.build,
    "REDUCE": _Machine.reduce,
    "MEMOIZE": _Machine.memoize,
    "BINPUT": _Machine.memoize,
    "LONG_BINPUT": _Machine.memoize,
    "BINGET": lambda machine, index: machine.push(machine.memo[index]),
    "LONG_BINGET": lambda machine, index: machine.push(machine.memo[index]),
}
