"""Pickles of plain data are read, all others are refused, and no file makes anything run."""

import collections
import copyreg
import io
import os
import pickle
import pickletools
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources import inert_pickle
from ingest.sources.inert_pickle import Instance, RefusedPickle, read_inert

BOX = ("tests.boxes", "Box")
DATA = {
    "text": "é🩺 \ud83d",
    "long": "x" * 70_000,
    "numbers": [0, -1, 255, 65_535, -(2**31), 2**200, 1.5, True, False, None],
    "days": [date(2150, 3, 4), datetime(2150, 3, 4, 5, 6, 7, 8)],
    "bytes": b"\x00\xff",
    3: ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, [4, {"a": {}}])),
}


def read(tmp_path: Path, data: bytes) -> object:
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    return read_inert(path, {BOX})


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_plain_data_comes_as_pickle_gives_it(tmp_path: Path, protocol: int) -> None:
    assert read(tmp_path, pickle.dumps(DATA, protocol)) == DATA
    again = [DATA, DATA]
    found = read(tmp_path, pickle.dumps(again, protocol))
    assert found == again and isinstance(found, list) and found[0] is found[1]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates() | st.datetimes(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(plain)
def test_any_plain_data_comes_as_pickle_gives_it(tmp_path_factory: pytest.TempPathFactory, data: object) -> None:
    assert read(tmp_path_factory.getbasetemp(), pickle.dumps(data, 4)) == data


def named(module: str, name: str) -> bytes:
    return pickle.PROTO + b"\x04" + b"".join(
        pickle.SHORT_BINUNICODE + bytes([len(part)]) + part.encode() for part in (module, name)
    ) + pickle.STACK_GLOBAL  # fmt: skip


def test_an_object_of_a_known_class_is_its_name_and_its_state(tmp_path: Path) -> None:
    built = named(*BOX) + b")\x81}\x8c\x01aK\x01sb."
    assert read(tmp_path, built) == Instance(BOX, {"a": 1})
    assert read(tmp_path, b"\x80\x02ctests.boxes\nBox\n)\x81}X\x01\x00\x00\x00aK\x01sb.") == Instance(BOX, {"a": 1})


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Persistent(pickle.Pickler):
    """Gives every object a persistent id."""

    def persistent_id(self, obj: object) -> object:
        return "an id" if isinstance(obj, Calls) else None


def persistent(protocol: int) -> bytes:
    out = io.BytesIO()
    Persistent(out, protocol).dump([Calls(print)])
    return out.getvalue()


def extended() -> bytes:
    copyreg.add_extension(os.system.__module__, "system", 240)
    try:
        return pickle.dumps(os.system, 4)
    finally:
        copyreg.remove_extension(os.system.__module__, "system", 240)


MARKER = "it-ran"
EVIL = {
    "os.system": pickle.dumps(Calls(os.system, f"touch {MARKER}")),
    "os.system in protocol 0": pickle.dumps(Calls(os.system, f"touch {MARKER}"), 0),
    "os.system in protocol 2": pickle.dumps(Calls(os.system, f"touch {MARKER}"), 2),
    "eval": pickle.dumps({"a": [Calls(eval, f"open('{MARKER}', 'w')")]}),
    "a global alone": pickle.dumps(collections.OrderedDict),
    "a class made by INST": b"(S'touch it-ran'\nios\nsystem\n.",
    "a class made by OBJ": b"(cos\nsystem\nS'touch it-ran'\no.",
    "a known class called": named(*BOX) + b"\x8c\x01a\x85R.",
    "a known class called with a state": named(*BOX) + b")R}b.",
    "a known class made with arguments": named(*BOX) + b"\x8c\x01a\x85\x81.",
    "a known class made with keywords": named(*BOX) + b")}\x92.",
    "an object that is called": named(*BOX) + b")\x81)R.",
    "a state of slots": named(*BOX) + b")\x81N}\x8c\x09__class__K\x01s\x86b.",
    "a state for a dict": b"\x80\x04}}b.",
    "a name below a known class": named(BOX[0], BOX[1] + ".__init__"),
    "datetime called with more": pickle.dumps(Calls(datetime, 1, 1, 1)),
    "a date of no calendar": named("datetime", "date") + b"C\x04\x00\x00\x00\x00\x85R.",
    "datetime made by NEWOBJ": named("datetime", "datetime") + b")\x81.",
    "the name of a global from data": b"\x80\x04K\x01K\x02\x93.",
    "a persistent id": persistent(4),
    "a persistent id as text": persistent(0),
    "an extension": extended(),
    "an out-of-band buffer": b"\x80\x05\x97.",
    "a bytearray": pickle.dumps(bytearray(b"x"), 5),
    "a list as a key": b"\x80\x04}]K\x01s.",
    "a deep tuple as a key": b"\x80\x04})" + b"\x85" * 500_000 + b"K\x01s.",
    "the memo of nothing": b"\x80\x04h\x05.",
    "a memo before a value": b"\x80\x04\x94N.",
    "too little on the stack": b"\x80\x04K\x01\x86.",
    "items without their keys": b"\x80\x04}(K\x01u.",
    "items for a list": b"\x80\x04](K\x01K\x02u.",
    "a mark that is never used": b"\x80\x04(N.",
    "two values": b"\x80\x04NN.",
    "no value": b"\x80\x04.",
    "no end": b"\x80\x04N",
    "nothing": b"",
    "no pickle": b"PK\x03\x04 a zip archive",
    "a string longer than the file": b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b"abc.",
    "a string of four gigabytes": b"\x80\x04X\xff\xff\xff\xffabc.",
    "a line without end": b"c" + b"a" * 1_000_000,
    "bytes that are not UTF-8": b"\x80\x04\x8c\x01\xff.",
}


@pytest.mark.parametrize("what", EVIL)
def test_a_crafted_file_is_refused_and_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.chdir(tmp_path)

    def found(*arguments: object) -> None:
        raise AssertionError("a global was looked up")

    monkeypatch.setattr(pickle, "Unpickler", found)
    monkeypatch.setattr(pickle, "loads", found)
    with pytest.raises(RefusedPickle) as refused:
        read(tmp_path, EVIL[what])
    assert not (tmp_path / MARKER).exists()
    assert MARKER not in str(refused.value) and refused.value.__cause__ is None


def test_what_is_refused_is_named(tmp_path: Path) -> None:
    system = f"{os.system.__module__}.system"
    for data, says in (
        (EVIL["os.system"], system),
        (EVIL["a global alone"], "collections.OrderedDict"),
        (EVIL["a persistent id"], "BINPERSID"),
        (EVIL["an extension"], "EXT1"),
        (named("evil\n\x1b[31m", "x" * 200) + b".", r"evil\\n\\x1b\[31m\.x+,"),
    ):
        with pytest.raises(RefusedPickle, match=says):
            read(tmp_path, data)


def test_deep_nesting_is_read_without_recursion(tmp_path: Path) -> None:
    found = read(tmp_path, b"\x80\x04" + b"]" * 300_000 + b"a" * 299_999 + b".")
    assert isinstance(found, list) and len(found) == 1


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 3))
def test_a_file_damaged_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, instead: bytes, length: int
) -> None:
    data = pickle.dumps({**DATA, "long": "x" * 300}, 4)
    at %= len(data)
    try:
        read(tmp_path_factory.getbasetemp(), data[:at] + instead + data[at + length :])
    except RefusedPickle as refused:
        assert "x" * 20 not in str(refused)


def test_every_beginning_of_a_file_is_refused(tmp_path: Path) -> None:
    data = pickle.dumps({**DATA, "long": "x" * 300}, 4)
    for end in range(len(data)):
        with pytest.raises(RefusedPickle):
            read(tmp_path, data[:end])


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pickle.dumps([[] for _ in range(100)], 4)
    opcodes = sum(1 for _ in pickletools.genops(data))
    monkeypatch.setattr(inert_pickle, "MAX_OPCODES", opcodes)
    read(tmp_path, data)
    monkeypatch.setattr(inert_pickle, "MAX_OPCODES", opcodes - 1)
    with pytest.raises(RefusedPickle, match="opcodes"):
        read(tmp_path, data)
    monkeypatch.setattr(inert_pickle, "MAX_BYTES", len(data) - 1)
    with pytest.raises(RefusedPickle, match="larger"):
        read(tmp_path, data)
