"""What a walked pickle is made of: symbols in place of objects, so that nothing is ever built or called."""

from __future__ import annotations

from dataclasses import dataclass


class Opaque:
    """A value that is of no interest: a long text, a huge number, a persistent object."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "…"


OPAQUE = Opaque()


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A global: `module.name` as the pickle spells it."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that were skipped: where they lie in the walked file, and how many."""

    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a tensor's numbers lie: the key names a member or a place behind the pickles.

    `dtype` is "" when the tensor and not the storage knows its type; `count` is then bytes.
    """

    dtype: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor as it would be rebuilt. `storage` is None where its bytes lie in the pickle itself."""

    shape: tuple[int, ...]
    dtype: str
    bytes: int
    storage: Storage | None = None


class Key:
    """The key of an entry that is neither a short text nor a number, each one by itself."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return f"[{type(self.value).__name__}]"


class Made:
    """An object that would be built by calling something: what is called, with what, and its state."""

    __slots__ = ("args", "callee", "items", "state")

    def __init__(self, callee: object, args: object) -> None:
        self.callee, self.args = callee, args
        self.state: object = None
        self.items: dict[object, object] | list[object] | None = None
