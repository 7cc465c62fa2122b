"""Walks a pickle's opcodes with a symbolic stack: names and values come out, nothing is built or called.

Source: CPython `Lib/pickle.py` and `Lib/pickletools.py` (protocols 0 to 5). `pickletools.genops` is not used: it
holds every argument in memory and is several times slower than this loop (0.3 µs for an opcode).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from model_manager.formats.pickle_names import known
from model_manager.formats.pickle_values import OPAQUE, Blob, Made, Name, Storage
from model_manager.formats.problem import Limits
from model_manager.formats.torch_rebuild import rebuild, storage_of

COMPUTED = ("?", "computed name")
PIECE = 256 * 1024
_LONGEST_LINE = 4096
_LONGEST_FAST = 9
_KEPT = 64 * 1024
_HELD = 8 * 1024 * 1024
_STEPS = 300_000
"""Opcodes of all pickles of one file: 0.1 to 0.2 s. A checkpoint has about 35 for each tensor, so 8,500 tensors."""
_INNER_STEPS = 100_000
_LEGACY_PARTS = 5
_NAMES = 10_000
# Names whose calls are followed here: getattr of a known thing leads to a name, the loader's bytes are walked.
_WATCHED = frozenset({("builtins", "getattr"), ("__builtin__", "getattr"), ("torch.storage", "_load_from_bytes")})
_CALLERS = frozenset({"functools", "_functools", "operator", "_operator", "itertools", "builtins", "__builtin__"})
_SHORT = struct.Struct("<H")
_INT = struct.Struct("<i")
_UINT = struct.Struct("<I")
_LONG = struct.Struct("<Q")
_REAL = struct.Struct(">d")

# What is looked for in the part behind the limits: the modules that attacks name first.
_RUNS = re.compile(
    rb"(?:[ci]|\n|\x8c.|X.\0\0\0)(os|posix|nt|subprocess|builtins|__builtin__|runpy|socket|importlib|pty|ctypes|sys)"
    rb"(?:\n[A-Za-z_]|\x94|q|\x8c|h|X|K|r|j)",
    re.DOTALL,
)


@dataclass(slots=True)
class Budget:
    """What is left of the limits for all pickles of one file."""

    steps: int
    held: int = _HELD
    unpacked: int = 2 * 16 * 1024 * 1024
    """Bytes of compressed members that may still be unpacked."""

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        return cls(min(limits.opcodes, _STEPS))


@dataclass(slots=True)
class Pickle:
    """One walked pickle: its symbols up to STOP, or up to where it could not be followed."""

    names: set[tuple[str, str]] = field(default_factory=set)
    value: object = None
    end: int = 0
    """Where the walk ended, in the file: behind STOP when `broken` and `beyond` are empty."""
    steps: int = 0
    broken: str = ""
    """Why it cannot be read to its end."""
    beyond: str = ""
    """Which limit of ours ended the walk."""
    storages: dict[str, Storage] = field(default_factory=dict)
    inner: list[Pickle] = field(default_factory=list)
    """Pickles of the PyTorch files that are handed to `torch.storage._load_from_bytes`."""


class _Broken(Exception):
    pass


class _Beyond(Exception):
    pass


def walk(file: BinaryIO, start: int, end: int, budget: Budget, *, inside: bool = False) -> Pickle:
    """The pickle at `start`, which may use the bytes up to `end`; `inside` is one within another. Raises OSError."""
    walker = _Walker(file, start, end, budget, None if inside else Budget(_INNER_STEPS))
    found = walker.found
    try:
        walker.run()
    except _Broken as error:
        found.broken = f"{error} at byte {walker.position:,}"
    except _Beyond as error:
        found.beyond = str(error)
        walker.look_ahead()
    except IndexError:
        found.broken = f"takes more from its stack than is there at byte {walker.position:,}"
    except (ValueError, TypeError, KeyError, struct.error, OverflowError) as error:
        found.broken = f"is not a pickle ({type(error).__name__}) at byte {walker.position:,}"
    found.end = walker.position
    walker.settle()
    return found


class _Walker:
    def __init__(self, file: BinaryIO, start: int, end: int, budget: Budget, inner: Budget | None) -> None:
        self.inner = inner
        self.file, self.end, self.budget = file, end, budget
        self.data, self.at, self.base = b"", 0, start
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.found = Pickle()
        self.watched: set[tuple[str, str]] = set()
        self.followed: set[tuple[str, str]] = set()

    @property
    def position(self) -> int:
        return self.base + self.at

    # -- bytes --

    def more(self, count: int) -> None:
        """Makes `count` bytes from the cursor available."""
        have = len(self.data) - self.at
        if have >= count:
            return
        position = self.position
        if position + count > self.end:
            raise _Broken("ends in the middle: the rest is missing")
        want = min(max(count, PIECE), self.end - position)
        self.file.seek(position)
        parts, missing = [], want
        while missing and (piece := self.file.read(missing)):
            parts.append(piece)
            missing -= len(piece)
        self.data, self.base, self.at = b"".join(parts), position, 0
        if len(self.data) < count:
            raise _Broken("ends in the middle: the rest is missing")

    def take(self, count: int) -> bytes:
        if len(self.data) - self.at < count:
            self.more(count)
        at = self.at
        self.at = at + count
        return self.data[at : at + count]

    def line(self) -> str:
        at = self.data.find(b"\n", self.at, self.at + _LONGEST_LINE)
        if at < 0:
            self.more(min(_LONGEST_LINE, self.end - self.position))
            at = self.data.find(b"\n", self.at, self.at + _LONGEST_LINE)
            if at < 0:
                raise _Broken(f"has a line of text that does not end within {_LONGEST_LINE:,} bytes")
        text = self.data[self.at : at]
        self.hold(len(text))
        self.at = at + 1
        return text.decode("utf-8", "backslashreplace")

    def text(self, count: int) -> None:
        if count > _KEPT:
            self.skip(count)
            self.stack.append(OPAQUE)
            return
        self.hold(count)
        self.stack.append(self.take(count).decode("utf-8", "backslashreplace"))

    def bytes_(self, count: int) -> None:
        if count > 256:
            self.stack.append(Blob(self.position, count))
            self.skip(count)
        else:
            self.hold(count)
            self.stack.append(self.take(count))

    def skip(self, count: int) -> None:
        position = self.position + count
        if position > self.end:
            raise _Broken(f"claims {count:,} bytes, more than there are,")
        if self.at + count <= len(self.data):
            self.at += count
        else:
            self.base, self.data, self.at = position, b"", 0

    def hold(self, count: int) -> None:
        self.budget.held -= count
        if self.budget.held < 0:
            raise _Beyond(f"holds more than {_HELD:,} bytes of text")

    # -- running --

    def run(self) -> None:
        """Runs to STOP. What most steps are is done here with local names; the rest goes through the table."""
        table, memo, left, steps = _TABLE, self.memo, self.budget.steps, 0
        data, at, enough = self.data, self.at, -1
        stack = self.stack
        try:
            while True:
                if at >= enough:
                    self.at = at
                    self.more(min(_LONGEST_FAST, max(1, self.end - self.position)))
                    data, at = self.data, self.at
                    enough = len(data) - _LONGEST_FAST
                code = data[at]
                at += 1
                steps += 1
                if steps > left:
                    self.at = at
                    raise _Beyond(f"has more than {_STEPS:,} steps")
                if at <= enough:
                    if code == 0x71:  # BINPUT
                        memo[data[at]] = stack[-1]
                        at += 1
                        continue
                    if code == 0x72:  # LONG_BINPUT
                        memo[int.from_bytes(data[at : at + 4], "little")] = stack[-1]
                        at += 4
                        continue
                    if code == 0x4B:  # BININT1
                        stack.append(data[at])
                        at += 1
                        continue
                    if code == 0x68:  # BINGET
                        stack.append(memo[data[at]])
                        at += 1
                        continue
                    if code == 0x4D:  # BININT2
                        stack.append(data[at] | data[at + 1] << 8)
                        at += 2
                        continue
                if code == 0x94:  # MEMOIZE
                    memo[len(memo)] = stack[-1]
                    continue
                self.at = at
                if code == 0x2E:  # STOP
                    self.found.value = stack.pop()
                    return
                action = table[code]
                if action is None:
                    raise _Broken(f"has 0x{code:02x} where an instruction is due")
                action(self)
                stack = self.stack
                if self.data is not data:
                    data, enough = self.data, len(self.data) - _LONGEST_FAST
                at = self.at
        finally:
            self.budget.steps -= steps
            self.found.steps = steps

    def look_ahead(self) -> None:
        """Behind the limits: looks once for the modules that attacks name, so that padding does not hide them."""
        start = max(0, self.position - 64)
        self.file.seek(start)
        rest = self.file.read(min(self.end - start, 16 * 1024 * 1024))
        for module in set(_RUNS.findall(rest)):
            self.found.names.add((module.decode(), "…"))

    def settle(self) -> None:
        """Notes the watched names, unless all their calls were followed and nothing else here could call them."""
        others = any(pair[0] in _CALLERS and not known(*pair) for pair in self.found.names)
        self.found.names |= self.watched if others else self.watched - self.followed

    def name(self, module: str, name: str) -> Name:
        if (module, name) in _WATCHED:
            self.watched.add((module, name))
        elif len(self.found.names) < _NAMES:
            self.found.names.add((module[:300], name[:300]))
        else:
            raise _Beyond(f"has more than {_NAMES:,} names")
        return Name(module, name)

    def computed(self, what: str) -> None:
        self.found.names.add((COMPUTED[0], what))

    def marked(self) -> list[object]:
        if not self.marks:
            raise _Broken("closes a group that was not opened")
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def call(self, callee: object, args: object) -> object:
        if not isinstance(callee, Name):
            self.computed("a call of something computed")
            return Made(callee, args)
        pair = (callee.module, callee.name)
        if pair in _WATCHED:
            self.followed.add(pair)
            return self.getattr_(args) if pair[1] == "getattr" else self.nested(args)
        return rebuild(callee, args)

    def getattr_(self, args: object) -> object:
        if isinstance(args, tuple) and len(args) == 2 and isinstance(args[0], Name) and isinstance(args[1], str):
            return self.name(args[0].module, f"{args[0].name}.{args[1]}")
        self.computed("getattr of something computed")
        return Made(None, ())

    def nested(self, args: object) -> object:
        """A storage as `pickle.dump` writes it: a file of old PyTorch inside the pickle, five pickles and bytes."""
        if not (isinstance(args, tuple) and len(args) == 1 and isinstance(args[0], Blob)) or self.inner is None:
            self.computed("torch.storage._load_from_bytes of something computed")
            return Made(None, ())
        blob = args[0]
        at, storage = blob.position, None
        for _ in range(_LEGACY_PARTS):
            pickle = walk(self.file, at, blob.position + blob.length, self.inner, inside=True)
            self.found.inner.append(pickle)
            if pickle.broken or pickle.beyond:
                break
            at = pickle.end
            storage = pickle.value if isinstance(pickle.value, Storage) else storage
        return storage or Storage("", f"@{blob.position}", blob.length)

    def build(self, state: object) -> None:
        target = self.stack[-1]
        if isinstance(target, Name):
            self.computed(f"changes {target.module[:100]}.{target.name[:100]}")
        elif isinstance(target, Made):
            target.state = state

    def put_items(self, items: list[object]) -> None:
        target = self.stack[-1]
        if isinstance(target, Made):
            if not isinstance(target.items, dict):
                target.items = {}
            target = target.items
        if isinstance(target, dict):
            for at in range(0, len(items) - 1, 2):
                key = items[at]
                target[key if type(key) in _KEYS else f"[{type(key).__name__} {at}]"] = items[at + 1]

    def put_list(self, items: list[object]) -> None:
        target = self.stack[-1]
        if isinstance(target, Made):
            if not isinstance(target.items, list):
                target.items = []
            target = target.items
        if isinstance(target, list):
            target.extend(items)


_KEYS = (str, int, float, bool, bytes, type(None))
_Action = Callable[[_Walker], object]
_TABLE: list[_Action | None] = [None] * 256


def _on(codes: bytes) -> Callable[[_Action], _Action]:
    def add(action: _Action) -> _Action:
        for code in codes:
            _TABLE[code] = action
        return action

    return add


def _u4(w: _Walker) -> int:
    return int(_UINT.unpack(w.take(4))[0])


def _u8(w: _Walker) -> int:
    return int(_LONG.unpack(w.take(8))[0])


def _set(code: bytes, action: _Action) -> None:
    _TABLE[code[0]] = action


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
_set(b"S", lambda w: w.stack.append(_escaped(w.line().strip("\"'"), "unicode-escape")))
_set(b"V", lambda w: w.stack.append(_escaped(w.line(), "raw-unicode-escape")))
_set(b"L", lambda w: w.stack.append(_whole(w.line().rstrip("L"))))
_set(b"F", lambda w: w.stack.append(float(w.line()[:400])))
_set(b"c", lambda w: w.stack.append(w.name(w.line(), w.line())))
_set(b"\x80", lambda w: _protocol(w.take(1)[0]))
_set(b"\x8a", lambda w: _long(w, w.take(1)[0]))
_set(b"\x8b", lambda w: _long(w, _u4(w)))


def _grouped(w: _Walker, kind: type[list[object]] | type[tuple[object, ...]]) -> None:
    items = w.marked()
    w.stack.append(kind(items))


@_on(b"(")
def _mark(w: _Walker) -> None:
    w.marks.append(w.stack)
    w.stack = []


@_on(b"0")
def _pop(w: _Walker) -> None:
    if w.stack:
        w.stack.pop()
    else:
        w.marked()


@_on(b"\x85")
def _tuple1(w: _Walker) -> None:
    w.stack[-1] = (w.stack[-1],)


@_on(b"\x86")
def _tuple2(w: _Walker) -> None:
    second = w.stack.pop()
    w.stack[-1] = (w.stack[-1], second)


@_on(b"\x87")
def _tuple3(w: _Walker) -> None:
    third, second = w.stack.pop(), w.stack.pop()
    w.stack[-1] = (w.stack[-1], second, third)


@_on(b"d")
def _dict(w: _Walker) -> None:
    items = w.marked()
    w.stack.append({})
    w.put_items(items)


@_on(b"s")
def _setitem(w: _Walker) -> None:
    value, key = w.stack.pop(), w.stack.pop()
    w.put_items([key, value])


@_on(b"I")
def _integer(w: _Walker) -> None:
    line = w.line()
    w.stack.append(line == "01" if line in ("00", "01") else _whole(line))


@_on(b"\x93")
def _stack_global(w: _Walker) -> None:
    name, module = w.stack.pop(), w.stack.pop()
    if isinstance(name, str) and isinstance(module, str):
        w.stack.append(w.name(module, name))
    else:
        w.computed(COMPUTED[1])
        w.stack.append(Name(*COMPUTED))


@_on(b"i")
def _inst(w: _Walker) -> None:
    name = w.name(w.line(), w.line())
    w.stack.append(w.call(name, tuple(w.marked())))


@_on(b"o")
def _obj(w: _Walker) -> None:
    items = w.marked()
    w.stack.append(w.call(items[0], tuple(items[1:])))


@_on(b"R")
def _reduce(w: _Walker) -> None:
    args = w.stack.pop()
    w.stack[-1] = w.call(w.stack[-1], args)


@_on(b"\x81")
def _newobj(w: _Walker) -> None:
    args = w.stack.pop()
    w.stack[-1] = w.call(w.stack[-1], args)


@_on(b"\x92")
def _newobj_ex(w: _Walker) -> None:
    w.stack.pop()
    args = w.stack.pop()
    w.stack[-1] = w.call(w.stack[-1], args)


def _extension(w: _Walker, number: int) -> None:
    """The names behind these numbers are registered in the program that loads the file: nobody here can tell them."""
    w.computed(f"copyreg extension {number}")
    w.stack.append(Name(COMPUTED[0], f"copyreg extension {number}"))


_set(b"\x82", lambda w: _extension(w, w.take(1)[0]))
_set(b"\x83", lambda w: _extension(w, _SHORT.unpack(w.take(2))[0]))
_set(b"\x84", lambda w: _extension(w, _INT.unpack(w.take(4))[0]))


@_on(b"\x95")
def _frame(w: _Walker) -> None:
    if _u8(w) > w.end - w.position:
        raise _Broken("has a frame that is longer than the rest")


def _protocol(number: int) -> None:
    if number > 5:
        raise _Broken(f"has protocol {number}")


def _persistent(w: _Walker, identity: object) -> None:
    storage = storage_of(identity)
    if storage:
        w.found.storages[storage.key] = storage
    # ('module', class, file, source): how PyTorch before 1.6 names a class beside its source.
    module = identity[1] if isinstance(identity, tuple) and len(identity) > 1 and identity[0] == "module" else OPAQUE
    w.stack.append(storage or module)


def _long(w: _Walker, count: int) -> None:
    if count > 16:
        w.skip(count)
        w.stack.append(OPAQUE)
    else:
        w.stack.append(int.from_bytes(w.take(count), "little", signed=True))


def _whole(text: str) -> object:
    text = text.strip()
    return OPAQUE if len(text) > 40 else int(text)


def _escaped(line: str, codec: str) -> str:
    """Protocol 0 spells texts with escapes, and so can a module's name be spelled."""
    return line.encode("latin-1", "backslashreplace").decode(codec) if "\\" in line else line
