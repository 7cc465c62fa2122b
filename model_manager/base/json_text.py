"""JSON that strangers wrote: parsed only where it is known before that it stays small in memory.

Python's parser has no bounds of its own: 63 MB of empty lists took 1.7 GB. What a text will become is counted first.
"""

from __future__ import annotations

import json
import re
from typing import Any

from model_manager.base.messages import figure, said

MOST_PARTS = 150_000
"""Lists, objects and entries of one text. An object of one entry takes 190 bytes, so 28 MB at most; a repository's tree of
10,000 files has 60,000."""
DEEPEST = 64
_WIDEST = 4 << 20
"""Bytes of a text with characters for which Python keeps four bytes for each other one too."""
_DIGITS = 40
_WIDE = re.compile(rb"[\xf0-\xff]")
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{}",')


class JsonTooLarge(ValueError):
    """A text beyond our limits, which may well be sound. Says in words which limit."""


def parsed(raw: bytes) -> Any:
    """What a JSON text says. Raises ValueError when it is none, TooMuch beyond the limits."""
    coding = json.detect_encoding(raw)
    text = raw.decode(coding, "surrogatepass")
    _check(raw if coding.startswith("utf-8") else text.encode("utf-8", "surrogatepass"))
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise JsonTooLarge(said("nested too deep")) from None


def _check(raw: bytes) -> None:
    if len(raw) > _WIDEST and _WIDE.search(raw):
        raise JsonTooLarge(said("{0} bytes with characters that make it four times as long", figure(len(raw))))
    opened = raw.count(b"[") + raw.count(b"{")
    if opened <= DEEPEST and opened + raw.count(b",") <= MOST_PARTS:
        return  # as nearly all are: the rest need not be told from what stands in texts
    marks = (_ESCAPED.sub(b"", raw) if b"\\" in raw else raw).translate(None, _MARKS).replace(b'""', b"")
    if marks.count(b'"') > 2 * MOST_PARTS:  # looking at each would take what is to be kept
        raise JsonTooLarge(said("more than {0} texts", figure(MOST_PARTS)))
    marks = _STRING.sub(b"", marks)
    opened = marks.count(b"[") + marks.count(b"{")
    if (parts := opened + marks.count(b",")) > MOST_PARTS:
        raise JsonTooLarge(said("{0} entries, over the limit of {1}", figure(parts), figure(MOST_PARTS)))
    marks = marks.translate(_ALIKE, b",")
    for _ in range(DEEPEST):
        if b"[" not in marks:
            return
        marks = marks.replace(b"[]", b"")
    if b"[" in marks:
        raise JsonTooLarge(said("nested more than {0} deep", DEEPEST))


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:  # reading 3,000 numbers of 4,300 digits takes half a second
        raise ValueError(said("a number of {0} digits", figure(len(digits))))
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_whole)
