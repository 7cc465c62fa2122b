"""The hashes that AUTOMATIC1111, Forge and SD.Next remember of the files they loaded.

Source: AUTOMATIC1111 modules/{cache,hashes,sd_models}.py: `cache/hashes` is a diskcache (SQLite; a value is a pickled
dict), older versions and SD.Next (modules/hashes.py) keep `cache.json`. Keys are "checkpoint/<path>", "lora/<name>" and
the like; values tell the file's mtime and its sha256. Nothing is unpickled: the few opcodes of such a dict are read.
"""

from __future__ import annotations

import os
import pickletools
import re
from collections.abc import Iterable, Iterator, Mapping

from model_manager.catalog.other_databases import BoundedQuery
from model_manager.stores.discovered import FoundFile, FoundModel, Leftover
from model_manager.stores.host.private_copy import rows_of
from model_manager.stores.walk.store_reader import StoreReader

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_LARGEST_JSON = 4 << 20
_LARGEST_VALUE = 4096
_REMEMBERED = f"SELECT key, value FROM Cache WHERE raw = 1 AND mode = 4 AND length(value) <= {_LARGEST_VALUE}"
_KINDS = ("checkpoint", "lora", "textual_inversion", "hypernet", "vae", "controlnet")
_QUIET = frozenset(
    {"PROTO", "FRAME", "EMPTY_DICT", "MARK", "MEMOIZE", "BINPUT", "LONG_BINPUT", "SETITEM", "SETITEMS", "STOP"}
)
_TELLING = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINFLOAT", "BININT", "BININT1", "BININT2", "LONG1", "NONE"})
Hashes = Mapping[str, tuple[float, str]]
"""Key -> the file's mtime in seconds when it was hashed, and its sha256."""


def read_hashes(details: Mapping[str, str], reader: StoreReader) -> dict[str, tuple[float, str]]:
    """Everything remembered below a program's `data` folder and its `cache` folder; newer forms win."""
    data, cache, scratch = (details.get(name, "") for name in ("data", "cache", "scratch"))
    found: dict[str, tuple[float, str]] = {}
    for path in (os.path.join(data, "cache.json"), os.path.join(data, "data", "cache.json"), f"{cache}.json"):
        found |= dict(_told(_json(path, reader)))
    rows = rows_of(
        os.path.join(cache, "hashes", "cache.db"), scratch,
        BoundedQuery(_REMEMBERED, ("Cache",)), lambda path, why: reader.problem(path, "database", why),
    )  # fmt: skip
    pickled = {key: _dict(value) for key, value in rows if isinstance(key, str) and isinstance(value, bytes)}
    return found | dict(_told(pickled))


def with_hashes(items: Iterable[FoundModel | Leftover], root: str, hashes: Hashes) -> Iterator[FoundModel | Leftover]:
    """The same models, with what was remembered of their files. A file that changed since has another mtime."""
    for item in items:
        if isinstance(item, FoundModel):
            yield item._replace(files=tuple(_with(file, root, hashes) for file in item.files))
        else:
            yield item


def _with(file: FoundFile, root: str, hashes: Hashes) -> FoundFile:
    if file.sha256 or file.role not in ("weights", "adapter"):
        return file
    relative = os.path.relpath(file.path, root)
    names = {relative, relative.partition(os.sep)[2], os.path.basename(relative)}
    names |= {os.path.splitext(name)[0] for name in names}
    for key in (f"{kind}/{name}" for kind in _KINDS for name in names if name):
        told = hashes.get(key)
        # The tools believe an older file too; it may be another one that was moved in.
        if told is not None and abs(told[0] - file.stat.st_mtime) < 1e-3:
            return file._replace(sha256=told[1], sha256_source="index")
    return file


def _json(path: str, reader: StoreReader) -> Mapping[str, object]:
    found = reader.json(path, _LARGEST_JSON)
    hashes = found.get("hashes") if isinstance(found, dict) else None
    return hashes if isinstance(hashes, dict) else {}


def _told(values: Mapping[str, object]) -> Iterator[tuple[str, tuple[float, str]]]:
    for key, value in values.items():
        if not isinstance(value, Mapping):
            continue
        mtime, sha256 = value.get("mtime"), value.get("sha256")
        if isinstance(mtime, int | float) and isinstance(sha256, str) and _SHA256.match(sha256.lower()):
            yield key.replace("\\", os.sep), (float(mtime), sha256.lower())


def _dict(data: bytes) -> dict[object, object]:
    """A flat dict of texts and numbers out of a pickle; empty when it is, or would do, anything else."""
    told: list[object] = []
    try:
        for opcode, argument, _position in pickletools.genops(data):
            if opcode.name in _TELLING:
                told.append(argument)
            elif opcode.name not in _QUIET:
                return {}
    except Exception:  # pickletools raises what it meets: ValueError, struct.error, UnicodeDecodeError …
        return {}
    return dict(zip(told[::2], told[1::2], strict=False)) if all(isinstance(key, str) for key in told[::2]) else {}
