"""Flax checkpoints (`.msgpack`): recognised by their first entries, not read."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import Facts
from model_manager.base.messages import said
from model_manager.formats.problem import FormatProblem, Limits

NAME = "flax"
SUFFIXES = (".msgpack",)


def matches(head: bytes) -> bool:
    """A map whose first key is a plain name and whose first value is a map again, as parameter trees are."""
    at = _behind_map(head, 0)
    if at == 0 or at >= len(head):
        return False
    kind = head[at]
    if 0xA1 <= kind <= 0xBF:
        length, at = kind & 0x1F, at + 1
    elif kind == 0xD9 and at + 1 < len(head):
        length, at = head[at + 1], at + 2
    else:
        return False
    key = head[at : at + length]
    plain = len(key) == length and key.replace(b"_", b"").replace(b"/", b"").replace(b".", b"").isalnum()
    return plain and _behind_map(head, at + length) > 0


def _behind_map(head: bytes, at: int) -> int:
    """The offset behind a map's own head, 0 when no map begins here."""
    kind = head[at] if at < len(head) else 0
    if 0x81 <= kind <= 0x8F:
        return at + 1
    return at + {0xDE: 3, 0xDF: 5}[kind] if kind in (0xDE, 0xDF) else 0


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """Says that it is one."""
    if not matches(file.read(512)):
        raise FormatProblem("corrupt", said("does not begin as a tree of parameters in MessagePack"))
    return Facts(NAME)


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
