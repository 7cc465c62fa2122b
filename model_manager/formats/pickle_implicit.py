"""What loading a pickle calls without a call being written in it.

A loader asks an object that it fills for `append`, `extend`, `add` and `__setstate__`, and many a constructor asks its
argument for `keys`, `items` or `replace`: whatever a state has put there runs. Which attribute is asked for nobody can
list. So the normal decides: what Python's own pickler writes (contents first, then one state, of plain texts and
values) is followed; once a pickle does what no pickler does, every name in it that is not known to build data counts
as called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from model_manager.formats.pickle_familiar import is_data_class, may_be_called, may_be_given, may_be_kept, may_be_made
from model_manager.formats.pickle_names import known
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import GlobalName, Key, Made

if TYPE_CHECKING:
    from model_manager.formats.pickle_walk import Pickle

# What a loader calls by name on what it made.
METHODS = frozenset({
    "__setstate__", "__class__", "__reduce__", "__reduce_ex__", "extend", "append", "add", "update", "keys", "items",
    "get", "values", "pop", "replace",
})  # fmt: skip
Pair = tuple[str, str]
_PYTHON = ("builtins", "__builtin__")
# Makers of containers: they keep the entries of a plain list or table, and call nothing of them.
_CONTAINERS = {("collections", name) for name in ("OrderedDict", "Counter", "deque")} | {
    (module, name) for module in _PYTHON for name in ("set", "frozenset", "list", "tuple", "dict")
}
_FILLED = _CONTAINERS | {("collections", "defaultdict")}
_HOLDERS = frozenset({GlobalName, Made, dict, list, tuple})
_NAMESPACES = {("argparse", "Namespace"), ("types", "SimpleNamespace")}


def is_data(value: object) -> bool:
    """Whether an object cannot be called."""
    callee = value.callee if isinstance(value, Made) else None
    return isinstance(callee, GlobalName) and is_data_class(callee.module, callee.name)


class Implicit:
    """What one pickle's objects hold, as far as a loader or a constructor may call it."""

    def __init__(self, found: Pickle, budget: Budget) -> None:
        self.found = found
        self.outside: set[Pair] = set()
        """The named ones that no list allows to be kept by an object: the familiar ones are left out here."""
        self._budget = budget
        self._finished: dict[int, object] = {}
        """What has got its state: a pickler does nothing more with it."""

    def named(self, pair: Pair) -> None:
        if not known(*pair) and not may_be_called(*pair):
            self.found.strangers.add(pair)
            if not may_be_made(*pair):
                self.outside.add(pair)

    def loose(self) -> None:
        self.found.loose = True

    def strangers_in(self, values: Iterable[object]) -> set[Pair]:
        """The names, among those that may not be called, that these values hold however deep."""
        strangers = self.found.strangers
        if not strangers or self._exhausted():
            return set()
        return {pair for pair in self._names(values) if pair in strangers}

    def argument(self, callee: Pair, args: object) -> None:
        """What a known constructor gets, or a familiar one, which may call what it gets."""
        if not known(*callee):
            self.kept((args,))
            if may_be_called(*callee):
                self.found.called |= {pair for pair in self.strangers_in((args,)) if not may_be_given(callee, *pair)}
        elif callee in _CONTAINERS and isinstance(args, tuple) and all(type(arg) in (list, dict, int) for arg in args):
            self.kept(self._objects(args))
        elif args != ():
            self.found.called |= self.strangers_in((args,))

    def handed(self, callee: Pair, args: list[object]) -> None:
        """What one that makes objects of the classes it gets, gets beside them."""
        if not self.found.strangers:
            return
        self.found.made |= self.strangers_in(args)
        objects = args if callee[1] == "defaultdict" else [arg for arg in args if type(arg) is Made]
        if objects:
            self.found.called |= self.strangers_in(objects)

    def kept(self, values: Iterable[object], spared: bool = True) -> None:
        """What an object of a familiar class gets: its own methods may call it."""
        if self.outside:
            found = self.strangers_in(values)
            self.found.made |= {pair for pair in found if not (spared and may_be_kept(*pair))}

    def state(self, target: object, state: object) -> None:
        """BUILD."""
        if id(target) in self._finished:
            self.loose()
        self._finished[id(target)] = target
        callee = target.callee if isinstance(target, Made) else None
        pair = (callee.module, callee.name) if isinstance(callee, GlobalName) else None
        if pair is None or known(*pair):
            if not _plain_state(state):
                self.loose()
            if pair in _NAMESPACES:  # it has no method that could call them
                return
        if pair is None:
            # Attributes of a plain container or tensor stand in front of its methods.
            objects = self._objects((state,))
            self.found.called |= self.strangers_in((state,)) - self.strangers_in(objects)
            self.kept(objects)
        else:
            self.kept((state,))

    def asked(self, parts: object) -> None:
        """getattr, and the loader's own look at a persistent id: the objects among the parts are asked for attributes."""
        if self.found.strangers:
            self.found.called |= self.strangers_in(self._objects((parts,)))

    def items(self, target: object, items: list[object], pairs: bool) -> bool:
        """APPEND, APPENDS, ADDITEMS (and, with `pairs`, SETITEM and SETITEMS): whether a class of its own gets them."""
        if id(target) in self._finished:
            self.loose()
        if not isinstance(target, Made):
            if type(target) is not (dict if pairs else list):
                self.loose()
            return False
        callee = target.callee
        if not isinstance(callee, GlobalName) or isinstance(target.items, list if pairs else dict):
            self.loose()
        elif not known(callee.module, callee.name):
            if self.outside:
                self.kept(self._objects(items))
            if pairs and any(isinstance(key, Made | bytes) for key in items[::2]):
                self.loose()
            return pairs
        elif (callee.module, callee.name) not in _FILLED:
            self.loose()
        return False

    def _objects(self, values: Iterable[object]) -> list[object]:
        """The objects in plain containers."""
        if not self.found.strangers or self._exhausted():
            return []
        return [one for one in self._all(values, False) if isinstance(one, Made)]

    def _exhausted(self) -> bool:
        """Whether no more values are looked at; all names count as called then."""
        if self._budget.searched < 0:
            self.loose()
        return self._budget.searched < 0

    def _names(self, values: Iterable[object]) -> Iterable[Pair]:
        return ((one.module, one.name) for one in self._all(values, True) if isinstance(one, GlobalName))

    def _all(self, values: Iterable[object], through: bool) -> Iterable[object]:
        """Every name and object that values hold in plain containers; with `through`, in objects too."""
        seen = set[int]()
        waiting: list[Any] = [value for value in values if type(value) in _HOLDERS]
        while waiting:
            one = waiting.pop()
            kind = type(one)
            if kind is GlobalName:
                yield one
                continue
            parts: Iterable[object]
            if isinstance(one, Made):
                yield one
                parts = (one.args, one.state, one.items) if through else ()
            elif isinstance(one, dict):
                parts = [*one.values(), *(key.value for key in one if type(key) is Key)]
                self._budget.searched -= len(one) >> 4
            else:
                parts = one
                self._budget.searched -= len(one) >> 4
            held = [part for part in parts if type(part) in _HOLDERS]
            if not held or id(one) in seen:
                continue
            seen.add(id(one))
            self._budget.searched -= len(held)
            if self._budget.searched < 0:
                self.loose()
                return
            waiting += held


def methods_in(state: object) -> Iterator[tuple[str, object]]:
    """What a state puts in a method's place."""
    for part in state if isinstance(state, tuple) else (state,):
        for key, value in part.items() if isinstance(part, dict) else ():
            name = key.decode("latin-1") if isinstance(key, bytes) else key  # Python 2's texts
            if isinstance(name, str) and (name in METHODS or name[:2] == "__" == name[-2:]):
                yield name, value


def _plain_state(state: object) -> bool:
    """Whether a state puts nothing in an attribute's place that is not written there: no computed key, no `__dict__`."""
    if isinstance(state, Made):
        return False
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    for part in parts:
        if isinstance(part, Made):
            return False
        if isinstance(part, dict) and any(not isinstance(key, str) or key[:2] == "__" == key[-2:] for key in part):
            return False
    return True
