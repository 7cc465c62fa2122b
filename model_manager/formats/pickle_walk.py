"""Walks a pickle's opcodes with a symbolic stack: names and values come out, nothing is built or called.

Source: CPython `Lib/pickle.py` and `Lib/pickletools.py` (protocols 0 to 5). `pickletools.genops` is not used: it
holds every argument in memory and is several times slower than this loop (0.3 µs for an opcode).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from model_manager.base.messages import figure, said, told_by
from model_manager.formats import joblib_array, scipy_stats
from model_manager.formats.pickle_familiar import may_be_made
from model_manager.formats.pickle_implicit import METHODS, Implicit, is_data, methods_in
from model_manager.formats.pickle_names import HANDS_ON, known
from model_manager.formats.pickle_opcodes import COMPUTED, TABLE
from model_manager.formats.pickle_reader import CALLS, STEPS, Beyond, Broken, Budget, Cut, Reader
from model_manager.formats.pickle_values import OPAQUE, Blob, GlobalName, Key, Made, Storage
from model_manager.formats.problem import FormatProblem
from model_manager.formats.torch_rebuild import rebuild

_LONGEST_FAST = 9
_KEPT = 64 * 1024
_KEYS = (str, int, float, bool, bytes, type(None))
_LEGACY_PARTS = 5
_NAMES = 10_000
# Names whose calls are followed here: getattr of a known thing leads to a name, the loader's bytes are walked.
_WATCHED = frozenset({("builtins", "getattr"), ("__builtin__", "getattr"), ("torch.storage", "_load_from_bytes")})
_CALLERS = frozenset({"functools", "_functools", "operator", "_operator", "itertools", "builtins", "__builtin__"})

# What is looked for in the part behind the limits: the modules that attacks name first.
_RUNS = re.compile(
    rb"(?:[ci]|\n|\x8c.|X.\0\0\0)(os|posix|nt|subprocess|builtins|__builtin__|runpy|socket|importlib|pty|ctypes|sys)"
    rb"(?:\n[A-Za-z_]|\x94|q|\x8c|h|X|K|r|j)",
    re.DOTALL,
)


@dataclass(slots=True)
class Pickle:
    """One walked pickle: its symbols up to STOP, or up to where it could not be followed."""

    names: set[tuple[str, str]] = field(default_factory=set)
    called: set[tuple[str, str]] = field(default_factory=set)
    """Of the names: what loading it runs, or hands to something that runs it."""
    made: set[tuple[str, str]] = field(default_factory=set)
    """Of the names: classes of which it makes an object without their constructor."""
    strangers: set[tuple[str, str]] = field(default_factory=set)
    """Of the names: those that may not be called."""
    loose: bool = False
    """Whether it does what no pickler does, so that each of them might be called."""
    foreign: bool = False
    """Whether it asks its loader for objects that are no storages (persistent ids)."""
    value: object = None
    end: int = 0
    """Where the walk ended, in the file: behind STOP when `broken` and `beyond` are empty."""
    steps: int = 0
    broken: str = ""
    """Why it cannot be read to its end."""
    cut: bool = False
    """It is broken because its end is missing."""
    beyond: str = ""
    """Which limit of ours ended the walk."""
    storages: dict[str, Storage] = field(default_factory=dict)
    inner: list[Pickle] = field(default_factory=list)
    """Pickles of the PyTorch files that are handed to `torch.storage._load_from_bytes`."""


def walk(
    file: BinaryIO,
    start: int,
    end: int,
    budget: Budget,
    *,
    inside: bool = False,
    memo: Mapping[int, object] | None = None,
) -> Pickle:
    """The pickle at `start`, which may use the bytes up to `end`; `inside` is one within another, which may know what
    that one remembers (`memo`). Raises OSError."""
    budget.begin()
    walker = PickleWalker(file, start, end, budget, None if inside else budget.inner)
    found = walker.found
    walker.memo.update(memo or {})
    walker.strict = memo is not None
    try:
        walker.run()
    except Broken as error:
        found.cut = isinstance(error, Cut)
        found.broken = said("{0} at byte {1}", error, figure(walker.position))
    except Beyond as error:
        found.beyond = told_by(error)
        walker.look_ahead()
    except IndexError:
        found.broken = said("takes more from its stack than is there at byte {0}", figure(walker.position))
    except (ValueError, TypeError, KeyError, struct.error, OverflowError) as error:
        found.broken = said("is not a pickle ({0}) at byte {1}", type(error).__name__, figure(walker.position))
    found.end = walker.position
    walker.settle()
    return found


class PickleWalker(Reader):
    """The stack, marks and memo of one pickle."""

    def __init__(self, file: BinaryIO, start: int, end: int, budget: Budget, inner: Budget | None) -> None:
        self.inner = inner
        super().__init__(file, start, end, budget)
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.found = Pickle()
        self.implicit = Implicit(self.found, budget)
        self.strict = False
        self.watched: set[tuple[str, str]] = set()
        self.followed: set[tuple[str, str]] = set()

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

    def run(self) -> None:
        """Runs to STOP. What most steps are is done here with local names; the rest goes through the table.

        A table of weights is written with the six kinds of step below nearly alone, and a call for each would take
        longer than the step. `data` and `at` are the reader's own: they are given back (`self.at`) before anything else
        may read, and taken again after it, since it may have read further.
        """
        table, memo, left, steps = TABLE, self.memo, self.budget.steps, 0
        data, at, enough = self.data, self.at, -1
        stack = self.stack
        try:
            while True:
                if at >= enough or steps >= left:  # so that no fast step needs to ask whether its bytes are there
                    self.at = at
                    self.ahead(steps, left)
                    data, at = self.data, self.at
                    enough = len(data) - _LONGEST_FAST
                code = data[at]
                at += 1
                steps += 1
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
                table[code](self)
                stack = self.stack
                if self.data is not data:
                    data, enough = self.data, len(self.data) - _LONGEST_FAST
                at = self.at
        finally:
            self.budget.steps -= steps
            self.found.steps = steps

    def ahead(self, steps: int, left: int) -> None:
        """Reads on for the next steps; raises Beyond where no step is left."""
        self.more(min(_LONGEST_FAST, max(1, self.end - self.position)))
        if left <= 0:
            raise Beyond(said("lies behind all that this program reads of one file"))
        if steps >= left:
            raise Beyond(said("has more than {0} steps", figure(STEPS)))

    def look_ahead(self) -> None:
        """Behind the limits: looks once for the modules that attacks name, so that padding does not hide them."""
        start = max(0, self.position - 64)
        self.file.seek(start)
        try:
            rest = self.file.read(max(0, min(self.end - start, self.budget.ahead)))
            self.budget.ahead -= len(rest)
        except FormatProblem:
            return
        for module in set(_RUNS.findall(rest)):
            self.found.names.add((module.decode(), "…"))

    def settle(self) -> None:
        """Notes the watched names, unless all their calls were followed and nothing else here could call them."""
        others = any(pair[0] in _CALLERS and not known(*pair) and pair[1] != "partial" for pair in self.found.names)
        self.found.names |= self.watched if others else self.watched - (self.followed - self.found.made)

    def name(self, module: str, name: str) -> GlobalName:
        if (module, name) in self.found.names:
            return GlobalName(module, name)
        self.implicit.named((module, name))
        if (module, name) in _WATCHED:
            self.watched.add((module, name))
        elif len(self.found.names) < _NAMES:
            self.found.names.add((module[:300], name[:300]))
        else:
            raise Beyond(said("has more than {0} names", figure(_NAMES)))
        return GlobalName(module, name)

    def computed(self, what: str) -> None:
        if self.strict:  # no loader gets further
            raise Broken(said("has no name where one is due"))
        self.found.names.add((COMPUTED[0], what))

    def marked(self) -> list[object]:
        if not self.marks:
            raise Broken(said("closes a group that was not opened"))
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def call(self, callee: object, args: object) -> object:
        self.budget.calls -= 1
        if self.budget.calls < 0:
            raise Beyond(said("makes more than {0} calls", figure(CALLS)))
        if not isinstance(callee, GlobalName):
            self.computed("a call of something computed")
            return Made(callee, args)
        pair = (callee.module, callee.name)
        if pair in _WATCHED:
            self.followed.add(pair)
            return self.getattr_(args) if pair[1] == "getattr" else self.nested(args)
        self.calls(callee, args, 0)
        return rebuild(callee, args)

    def make(self, callee: object, args: object, keywords: object = None) -> object:
        """NEWOBJ: an object without its constructor. What only a call can do is not done so."""
        if not isinstance(callee, GlobalName) or (callee.module, callee.name) in _WATCHED:
            return self.call(callee, args)
        if keywords:
            self.implicit.argument((callee.module, callee.name), (keywords,))
        if known(callee.module, callee.name):
            self.calls(callee, args, 0)
        else:
            self.found.made.add((callee.module, callee.name))
            self.implicit.kept((args,))
        return rebuild(callee, args)

    def calls(self, callee: GlobalName, args: object, depth: int) -> None:
        """Notes a call, and what the callee would call of its arguments."""
        pair = (callee.module, callee.name)
        if not known(*pair):
            self.found.called.add(pair)
        handed = HANDS_ON.get(pair)
        if handed is None:
            self.implicit.argument(pair, args)
            return
        if depth > 3 or not isinstance(args, tuple):
            self.computed(f"{pair[1]} of something computed")
            return
        for place, arg in enumerate(args):
            if place == handed.calls:
                self.handed(arg, args[handed.args] if handed.args and handed.args < len(args) else (), depth)
        self.implicit.handed(pair, [arg for place, arg in enumerate(args) if place != handed.calls])

    def handed(self, callee: object, args: object, depth: int) -> None:
        """What a known callable gets to call."""
        if isinstance(callee, GlobalName):
            self.calls(callee, args, depth + 1)
        elif callee is not None and type(callee) is not str:
            self.computed("a call of something computed")

    def getattr_(self, args: object) -> object:
        self.implicit.asked(args)
        match args:
            case (GlobalName() as owner, str() as attribute):
                return self.name(owner.module, f"{owner.name}.{attribute}")
            case (Made(callee=GlobalName() as owner), str() as attribute) if may_be_made(owner.module, owner.name):
                return self.name(owner.module, f"{owner.name}.{attribute}")  # a method bound to a part of a model
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
        self.methods(state)
        if self.changed(target):
            return
        self.implicit.state(target, state)
        if isinstance(target, Made):
            target.state = state
            if scipy_stats.runs_text(target.callee, state):
                self.computed("its own text")
            if isinstance(target.callee, GlobalName) and target.callee.name == "partial":
                self.implicit.kept((state,), spared=False)
            elif isinstance(target.callee, GlobalName) and "joblib" in target.callee.module:
                joblib_array.follow(self, target.callee.name, state, self.array_objects)

    def methods(self, state: object) -> None:
        """A state may put something in place of a method that the loader calls next (BUILD asks for `__setstate__`)."""
        for key, value in methods_in(state):
            if isinstance(value, GlobalName):
                self.calls(value, (), 0)
            elif isinstance(value, Made) and key in METHODS and (key[:2] == "__" or not is_data(value)):
                self.computed(f"its own {key}")

    def array_objects(self) -> None:
        """joblib's array of objects is a pickle within the pickle."""
        if self.inner is None:
            raise Beyond(said("holds an array of joblib's whose content is not known"))
        inner = walk(self.file, self.position, self.end, self.inner, inside=True)
        # A loader that is not joblib goes on with what it remembers: the same bytes may name other things to it.
        other = walk(self.file, self.position, self.end, self.inner, inside=True, memo=self.memo)
        other.broken = ""
        self.found.inner += (inner, other)
        if inner.broken or inner.beyond:
            raise Beyond(said("holds an array of joblib's that was not read to its end"))
        self.skip(inner.end - self.position)

    def changed(self, target: object) -> bool:
        """Whether a global thing itself is changed, and not something that was made here."""
        if isinstance(target, GlobalName):
            self.computed(f"changes {target.module[:100]}.{target.name[:100]}")
        return isinstance(target, GlobalName)

    def put_items(self, items: list[object]) -> None:
        target = self.stack[-1]
        if self.changed(target):
            return
        if self.implicit.items(target, items, True):  # of many classes the entries are attributes too
            self.methods(dict(zip(map(str, items[::2]), items[1::2], strict=False)))
        if isinstance(target, Made):
            if not isinstance(target.items, dict):
                target.items = {}
            target = target.items
        if isinstance(target, dict):
            for at in range(0, len(items) - 1, 2):
                key = items[at]
                if type(key) not in _KEYS:
                    key = Key(key)
                elif key in target:
                    self.implicit.loose()
                target[key] = items[at + 1]

    def put_list(self, items: list[object]) -> None:
        target = self.stack[-1]
        if self.changed(target):
            return
        self.implicit.items(target, items, False)
        if isinstance(target, Made):
            if not isinstance(target.items, list):
                target.items = []
            target = target.items
        if isinstance(target, list):
            target.extend(items)
