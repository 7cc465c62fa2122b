"""The note beside each thing that is gathered: what its bytes are of, and how many of them are safe on the disk."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.operations.disk import Disk

LARGEST = 64 << 10
"""Bytes of a record: a key, an address, a revision and a few figures take less than 2,000."""
_FORM = 1
"""Of the record. One of another form was written by another version, and is left alone."""
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")
_STEM = re.compile(r"([0-9a-f]{32})\.(?:part|json)(?:\.new)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come in. `key` names it for whoever asks again: the same key is the same item, one at a time.

    `of` is what its bytes are of (an address, a revision, an etag; nothing secret): where any of it is another, what was
    gathered is begun anew. `size` in bytes and `sha256` in hexadecimal, where they are known before.
    """

    key: str
    of: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """`bytes` are safe on the disk. What lies behind them is believed only while the volume stays `mounted` as it was.

    `finished`: all is there and was found to be what was wanted; such a file is never written to again.
    """

    wanted: Wanted
    bytes: int = 0
    mounted: str = ""
    finished: bool = False


def stem_of(key: str) -> str:
    """How the files of a key begin: whatever it holds, it is no path."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def stem_in(name: str) -> str:
    """The stem of a file that is ours by its name; else the whole name."""
    found = _STEM.fullmatch(name)
    return found[1] if found else name


def to_bytes(record: Record) -> bytes:
    """For the disk. ValueError for what could not be read back."""
    wanted = record.wanted
    written = {"form": _FORM, "key": wanted.key, "of": dict(wanted.of), "size": wanted.size, "sha256": wanted.sha256,
               "bytes": record.bytes, "mounted": record.mounted, "finished": record.finished}  # fmt: skip
    data = json.dumps(written).encode("ascii")
    if len(data) > LARGEST:
        raise ValueError(said("what is said of it is too long"))
    from_bytes(data)
    return data


def from_bytes(data: bytes) -> Record:
    """The reverse. Raises ValueError for anything else: nothing of it is believed then."""
    found = parsed(data)
    if not isinstance(found, dict) or found.get("form") != _FORM:
        raise ValueError(said("no record of this version"))
    key, of, sha256, mounted = (found.get(name) for name in ("key", "of", "sha256", "mounted"))
    size, finished = found.get("size"), found.get("finished")
    if not isinstance(key, str) or not key or not isinstance(mounted, str) or not isinstance(finished, bool):
        raise ValueError(said("no record"))
    if not isinstance(of, dict) or not all(isinstance(value, str) for value in of.values()):
        raise ValueError(said("no record"))
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError(said("no sha256 in hexadecimal"))
    wanted = Wanted(key, of, None if size is None else _count(size), sha256)
    return Record(wanted, _count(found.get("bytes")), mounted, finished)


def read_record(path: str, disk: Disk) -> Record:
    """The record of an item. ValueError when it is none that is understood; OSError."""
    if not stat.S_ISREG(disk.lstat(path).st_mode):
        raise ValueError(said("not a regular file"))
    try:
        return from_bytes(disk.read(path, LARGEST))
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise ValueError(reason_of(error)) from None


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(said("no number of bytes"))
    return value
