"""What each opcode of a pickle does to the walker's symbolic stack.

Source: CPython `Lib/pickle.py` and `Lib/pickletools.py`, protocols 0 to 5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from model_manager.base.messages import said
from model_manager.formats.pickle_reader import LONGEST_TEXT, Broken
from model_manager.formats.pickle_values import OPAQUE, GlobalName
from model_manager.formats.torch_rebuild import storage_of

if TYPE_CHECKING:
    from model_manager.formats.pickle_walk import PickleWalker

COMPUTED = ("?", "computed name")
_SHORT = struct.Struct("<H")
_INT = struct.Struct("<i")
_UINT = struct.Struct("<I")
_LONG = struct.Struct("<Q")
_REAL = struct.Struct(">d")
_Action = Callable[["PickleWalker"], object]


def _unknown(w: PickleWalker) -> None:
    raise Broken(said("has 0x{0} where an instruction is due", f"{w.data[w.at - 1]:02x}"))


TABLE: list[_Action] = [_unknown] * 256


def _on(codes: bytes) -> Callable[[_Action], _Action]:
    def add(action: _Action) -> _Action:
        for code in codes:
            TABLE[code] = action
        return action

    return add


def _u4(w: PickleWalker) -> int:
    return int(_UINT.unpack(w.take(4))[0])


def _u8(w: PickleWalker) -> int:
    return int(_LONG.unpack(w.take(8))[0])


def _set(code: bytes, action: _Action) -> None:
    TABLE[code[0]] = action


def _constant(value: object) -> _Action:
    return lambda w: w.stack.append(value)


for _code, _value in ((b"N", None), (b"\x88", True), (b"\x89", False), (b")", ())):
    _set(_code, _constant(_value))
_set(b"}", lambda w: w.stack.append({}))
_set(b"]", lambda w: w.stack.append([]))
_set(b"\x8f", lambda w: w.stack.append([]))  # EMPTY_SET: a list here, its entries need not be hashable
_set(b"K", lambda w: w.stack.append(w.take(1)[0]))
_set(b"M", lambda w: w.stack.append(_SHORT.unpack(w.take(2))[0]))
_set(b"J", lambda w: w.stack.append(_INT.unpack(w.take(4))[0]))
_set(b"G", lambda w: w.stack.append(_REAL.unpack(w.take(8))[0]))
_set(b"U", lambda w: w.text(w.take(1)[0]))
_set(b"\x8c", lambda w: w.text(w.take(1)[0]))
_set(b"X", lambda w: w.text(_u4(w)))
_set(b"T", lambda w: w.bytes_(_u4(w)))  # BINSTRING: Python 2's bytes
_set(b"\x8d", lambda w: w.text(_u8(w)))
_set(b"C", lambda w: w.bytes_(w.take(1)[0]))
_set(b"B", lambda w: w.bytes_(_u4(w)))
_set(b"\x8e", lambda w: w.bytes_(_u8(w)))
_set(b"\x96", lambda w: w.bytes_(_u8(w)))
_set(b"h", lambda w: w.stack.append(w.memo[w.take(1)[0]]))
_set(b"j", lambda w: w.stack.append(w.memo[_u4(w)]))
_set(b"g", lambda w: w.stack.append(w.memo[int(w.line()[:20])]))
_set(b"\x94", lambda w: w.memo.__setitem__(len(w.memo), w.stack[-1]))
_set(b"q", lambda w: w.memo.__setitem__(w.take(1)[0], w.stack[-1]))
_set(b"r", lambda w: w.memo.__setitem__(_u4(w), w.stack[-1]))
_set(b"p", lambda w: w.memo.__setitem__(int(w.line()[:20]), w.stack[-1]))
_set(b"2", lambda w: w.stack.append(w.stack[-1]))
_set(b"t", lambda w: _grouped(w, tuple))
_set(b"l", lambda w: _grouped(w, list))
_set(b"\x91", lambda w: _grouped(w, list))  # FROZENSET
_set(b"e", lambda w: w.put_list(w.marked()))
_set(b"\x90", lambda w: w.put_list(w.marked()))
_set(b"u", lambda w: w.put_items(w.marked()))
_set(b"1", lambda w: w.marked().clear())
_set(b"a", lambda w: w.put_list([w.stack.pop()]))
_set(b"b", lambda w: w.build(w.stack.pop()))
_set(b"\x97", lambda w: w.stack.append(OPAQUE))  # NEXT_BUFFER
_set(b"\x98", lambda w: w.stack[-1])  # READONLY_BUFFER
_set(b"P", lambda w: _persistent(w, w.line()))
_set(b"Q", lambda w: _persistent(w, w.stack.pop()))
_set(b"S", lambda w: w.stack.append(_escaped(w.line(LONGEST_TEXT).strip("\"'"), "unicode-escape")))
_set(b"V", lambda w: w.stack.append(_escaped(w.line(LONGEST_TEXT, "latin-1"), "raw-unicode-escape")))
_set(b"L", lambda w: w.stack.append(_whole(w.line().rstrip("L"))))
_set(b"F", lambda w: w.stack.append(float(w.line()[:400])))
_set(b"c", lambda w: w.stack.append(w.name(w.line(), w.line())))
_set(b"\x80", lambda w: _protocol(w.take(1)[0]))
_set(b"\x8a", lambda w: _long(w, w.take(1)[0]))
_set(b"\x8b", lambda w: _long(w, _u4(w)))


def _grouped(w: PickleWalker, kind: type[list[object]] | type[tuple[object, ...]]) -> None:
    items = w.marked()
    w.stack.append(kind(items))


@_on(b"(")
def _mark(w: PickleWalker) -> None:
    w.marks.append(w.stack)
    w.stack = []


@_on(b"0")
def _pop(w: PickleWalker) -> None:
    if w.stack:
        w.stack.pop()
    else:
        w.marked()


@_on(b"\x85")
def _tuple1(w: PickleWalker) -> None:
    w.stack[-1] = (w.stack[-1],)


@_on(b"\x86")
def _tuple2(w: PickleWalker) -> None:
    second = w.stack.pop()
    w.stack[-1] = (w.stack[-1], second)


@_on(b"\x87")
def _tuple3(w: PickleWalker) -> None:
    third, second = w.stack.pop(), w.stack.pop()
    w.stack[-1] = (w.stack[-1], second, third)


@_on(b"d")
def _dict(w: PickleWalker) -> None:
    items = w.marked()
    w.stack.append({})
    w.put_items(items)


@_on(b"s")
def _setitem(w: PickleWalker) -> None:
    value, key = w.stack.pop(), w.stack.pop()
    w.put_items([key, value])


@_on(b"I")
def _integer(w: PickleWalker) -> None:
    line = w.line()
    w.stack.append(line == "01" if line in ("00", "01") else _whole(line))


@_on(b"\x93")
def _stack_global(w: PickleWalker) -> None:
    name, module = w.stack.pop(), w.stack.pop()
    if isinstance(name, str) and isinstance(module, str):
        w.stack.append(w.name(module, name))
    else:
        w.computed(COMPUTED[1])
        w.stack.append(GlobalName(*COMPUTED))


@_on(b"i")
def _inst(w: PickleWalker) -> None:
    name = w.name(w.line(), w.line())
    args = tuple(w.marked())
    w.stack.append(w.call(name, args))


@_on(b"o")
def _obj(w: PickleWalker) -> None:
    items = w.marked()
    w.stack.append(w.call(items[0], tuple(items[1:])))


@_on(b"R")
def _reduce(w: PickleWalker) -> None:
    args = w.stack.pop()
    w.stack[-1] = w.call(w.stack[-1], args)


@_on(b"\x81")
def _newobj(w: PickleWalker) -> None:
    args = w.stack.pop()
    w.stack[-1] = w.make(w.stack[-1], args)


@_on(b"\x92")
def _newobj_ex(w: PickleWalker) -> None:
    keywords, args = w.stack.pop(), w.stack.pop()
    w.stack[-1] = w.make(w.stack[-1], args, keywords)


def _extension(w: PickleWalker, number: int) -> None:
    """The names behind these numbers are registered in the program that loads the file: nobody here can tell them."""
    w.computed(f"copyreg extension {number}")
    w.stack.append(GlobalName(COMPUTED[0], f"copyreg extension {number}"))


_set(b"\x82", lambda w: _extension(w, w.take(1)[0]))
_set(b"\x83", lambda w: _extension(w, _SHORT.unpack(w.take(2))[0]))
_set(b"\x84", lambda w: _extension(w, _INT.unpack(w.take(4))[0]))


@_on(b"\x95")
def _frame(w: PickleWalker) -> None:
    if _u8(w) > w.end - w.position:
        raise Broken(said("has a frame that is longer than the rest"))


def _protocol(number: int) -> None:
    if number > 5:
        raise Broken(said("has protocol {0}", number))


def _persistent(w: PickleWalker, identity: object) -> None:
    storage = storage_of(identity)
    w.implicit.asked(identity)
    if storage:
        w.found.storages[storage.key] = storage
    if isinstance(identity, tuple) and len(identity) > 1 and identity[0] in ("storage", "module"):
        # ('module', class, file, source): how PyTorch before 1.6 names a class beside its source.
        if identity[0] == "storage" and isinstance(identity[1], GlobalName):
            w.calls(identity[1], (), 0)
        w.stack.append(storage or (identity[1] if identity[0] == "module" else OPAQUE))
    else:
        w.found.foreign = True
        w.stack.append(OPAQUE)


def _long(w: PickleWalker, count: int) -> None:
    if count > 16:
        w.skip(count)
        w.stack.append(OPAQUE)
    else:
        w.stack.append(int.from_bytes(w.take(count), "little", signed=True))


def _whole(text: str) -> object:
    text = text.strip()
    return OPAQUE if len(text) > 40 else int(text)


_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES = frozenset("\\'\"abfnrtvxuUN01234567")


def _escaped(line: str, codec: str) -> str:
    """Protocol 0 spells texts with escapes, and so can a module's name be spelled."""
    if "\\" not in line:
        return line
    # A backslash that begins no escape stands for itself; Python says so with a warning, which is not wanted here.
    if codec == "unicode-escape":
        line = _ESCAPE.sub(lambda found: found[0] if found[1] in _ESCAPES and found[1] else "\\\\" + found[1], line)
    return line.encode("latin-1", "backslashreplace").decode(codec)
