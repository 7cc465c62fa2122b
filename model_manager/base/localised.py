"""What the core says in English, in the user's language.

The core translates nothing: its sentences also go to the log, to journals and to JSON. Where one is shown, the catalogue
is asked for its shape (`needs {0} bytes, the file has {1}`) and the values are put into the translation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from model_manager.base import text
from model_manager.base.errors import ModelManagerError
from model_manager.base.text import later

CONTEXT = "core"
"""The context that the catalogue of texts has for these sentences."""
HERE = "…"
"""Stands in the translation of what was tried for the path of it."""
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?(?: ?(?:[kMGT]?B|%))?")
_DEEPEST = 3
"""A sentence can hold a reason that holds a reason; more than that nothing of ours says."""
_MOST_PIECES = 6
_LONGEST = 2000
"""Characters: nothing of ours is longer, and a pattern takes its time over a text made to mislead it."""
_SYSTEM = (
    later("Permission denied"), later("Operation not permitted"), later("No such file or directory"),
    later("Is a directory"), later("Not a directory"), later("File exists"), later("Directory not empty"),
    later("No space left on device"), later("Disk quota exceeded"), later("Read-only file system"),
    later("Input/output error"), later("Device or resource busy"), later("Stale file handle"),
    later("Too many open files"), later("File name too long"), later("Connection refused"), later("Connection timed out"),
    later("Too many levels of symbolic links"), later("Invalid cross-device link"), later("unable to open database file"),
    later("database is locked"), later("database or disk is full"), later("disk I/O error"),
    later("file is not a database"), later("database disk image is malformed"),
    later("attempt to write a readonly database"), later("database schema has changed"), later("Connection reset by peer"),
    later("No route to host"), later("Network is unreachable"), later("Text file busy"), later("Invalid argument"),
    later("No such device"), later("No such device or address"), later("Transport endpoint is not connected"),
)  # fmt: skip
"""The system's and the database's own words that a reason most often is; others stay English."""


class _Shape(NamedTuple):
    start: str
    end: str
    pattern: re.Pattern[str]
    translation: str


def localised(said: object) -> str:
    """A sentence or an error of the core as the user reads it, safe to show; what no catalogue knows stays as it is."""
    if isinstance(said, ModelManagerError):
        return _error(said)
    return text.shown(_translated(str(said), text.language(), 0))


def _error(error: ModelManagerError) -> str:
    verb, path = localised(error.verb), text.shown(error.path)
    hint = f" ({localised(error.hint)})" if error.hint else ""
    where = f" {path}" if path else ""
    if HERE in verb:  # a language whose verb stands last says where the path belongs
        verb, where = verb.replace(HERE, path) if path else " ".join(verb.replace(HERE, "").split()), ""
    return text._("could not {verb}{where}: {reason}{hint}").format(
        verb=verb, where=where, reason=localised(error.reason), hint=hint
    )


@lru_cache(maxsize=4096)
def _translated(said: str, language: str, depth: int) -> str:
    """`language` is here for the cache alone: a change of language asks anew."""
    if len(said) > _LONGEST:
        return said
    if _NUMBER.fullmatch(said):
        return text.number(said)
    exact = text.in_context(CONTEXT, said)
    if exact != said:
        return exact
    for shape in _shapes(language):
        if said.startswith(shape.start) and said.endswith(shape.end) and (match := shape.pattern.fullmatch(said)):
            return shape.translation.format(*(_value(value, language, depth) for value in match.groups()))
    whole = text._(said) if said else ""
    return whole if whole != said else _pieces(said, language, depth)


def _pieces(said: str, language: str, depth: int) -> str:
    """Sentences that were put one behind the other, and `where: why`."""
    for mark in ("; ", ": "):
        pieces = said.split(mark)
        best, known = "", -1
        for at in range(1, min(len(pieces), _MOST_PIECES)):  # a sentence may have the mark within itself
            parts = mark.join(pieces[:at]), mark.join(pieces[at:])
            told = [_value(part, language, depth) for part in parts]
            now = sum(one != part for one, part in zip(told, parts, strict=True))
            if now > known:
                best, known = mark.join(told), now
        if best:
            return best
    return said


def _value(value: str, language: str, depth: int) -> str:
    """A reason within a sentence is translated too; one word is not: it may be a name that means something in English."""
    if not _NUMBER.fullmatch(value) and (" " not in value or depth >= _DEEPEST):
        return value
    return _translated(value, language, depth + 1)


@lru_cache(maxsize=2)
def _shapes(language: str) -> list[_Shape]:
    """Every sentence with values, the one with the most words of its own first."""
    found = []
    for message, translation in text.messages(CONTEXT):
        pieces = [piece.replace("{{", "{").replace("}}", "}") for piece in re.split(r"\{\d+\}", message)]
        if len(pieces) > 1:
            pattern = "(.*?)".join(re.escape(piece) for piece in pieces)
            own = sum(len(piece) for piece in pieces)
            found.append((own, _Shape(pieces[0], pieces[-1], re.compile(pattern, re.DOTALL), translation)))
    return [shape for _own, shape in sorted(found, key=lambda one: -one[0])]
