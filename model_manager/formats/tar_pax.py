"""The records of a pax header, which say a member's name, size and target again.

Source: POSIX.1-2017 pax; Python's tarfile `_proc_pax`, which reads whole blocks and lets the last of two records win.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.formats.problem import FormatProblem

_RECORD = re.compile(rb"([1-9]\d{0,8}) ([^=\n]{1,200})=")
_SIZE = re.compile(rb"\d{1,18}")
_TOLD_ALIKE = (b"path", b"linkpath", b"size")


class PaxRecord(NamedTuple):
    """What the records say of the next member; None where they say nothing."""

    name: str | None = None
    link: str | None = None
    size: int | None = None


def attributes(text: bytes, everywhere: bool) -> PaxRecord:
    """The records of one header. Raises FormatProblem for what readers take differently; `everywhere`: of all members."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(text):
        hit = _RECORD.match(text, at)
        end = at + int(hit[1]) if hit else 0
        if hit is None or not hit.end() <= end - 1 < len(text) or text[end - 1 : end] != b"\n":
            raise differs(later("its pax records have wrong lengths"))
        key, value = hit[2], text[hit.end() : end - 1]
        if key.startswith(b"GNU.sparse"):
            raise differs(later("a member is kept with holes"))
        if key in _TOLD_ALIKE:
            if everywhere:
                raise differs(later("a pax header names or measures every member"))
            if not value or b"\0" in value or (key == b"size" and not _SIZE.fullmatch(value)):
                raise differs(said("a pax record says no {0}", key.decode()))
            found[key] = value
        at = end
    name, link, size = (found.get(key) for key in _TOLD_ALIKE)
    return PaxRecord(
        None if name is None else _text(name),
        None if link is None else _text(link),
        None if size is None else int(size),
    )


def differs(why: str) -> FormatProblem:
    """A tar that one reader reads in another way than the next."""
    return FormatProblem("unknown", said("readers may see different members in this tar: {0}", why))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
