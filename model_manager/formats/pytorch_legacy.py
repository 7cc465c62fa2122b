"""PyTorch before 1.6: pickles one behind another, then the storages' bytes.

Source: torch/serialization.py `_legacy_save`: magic number, protocol, system, object, list of keys; then each
storage as its count (8 bytes) and its numbers.
"""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats.pickle_facts import Contents
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import Pickle, walk
from model_manager.formats.pytorch_zip import bytes_of
from model_manager.formats.tail import zero_tail

MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""0x1950a86a20f9469cfc6c as LONG1, and STOP."""
_FRAME = 11  # protocols 4 and 5 put a frame's opcode, 9 bytes, between the protocol's 2 and the number
_PARTS = 5
_OBJECT = 3


def is_legacy(head: bytes) -> bool:
    """The magic number, pickled by any protocol from 2 on."""
    return head[:1] == b"\x80" and head.find(MAGIC, 2, _FRAME + len(MAGIC)) >= 0


def contents_of(file: BinaryIO, size: int, budget: Budget) -> Contents:
    """Walks the five pickles and compares the storages with the rest of the `size` bytes."""
    contents = Contents("torch legacy")
    parts: list[Pickle] = []
    at = 0
    for _ in range(_PARTS):
        pickle = walk(file, at, size, budget)
        parts.append(pickle)
        contents.pickles += (pickle, *pickle.inner)
        if pickle.broken or pickle.beyond:
            break
        at = pickle.end
    if len(parts) > _OBJECT:
        contents.value = parts[_OBJECT].value
    if len(parts) == _PARTS and not parts[-1].broken and not parts[-1].beyond:
        _storages(file, size, parts, contents, budget)
    return contents


def storages_of(file: BinaryIO, size: int, budget: Budget) -> tuple[object, list[tuple[str, int, int]]]:
    """The checkpoint's symbols; key, first byte and length of each storage, where the pickles say it. None else."""
    at, parts = 0, []
    for _ in range(_PARTS):
        parts.append(walk(file, at, size, budget))
        if parts[-1].broken or parts[-1].beyond:
            return None, []
        at = parts[-1].end
    table, found = parts[_OBJECT].storages, list[tuple[str, int, int]]()
    for key in parts[-1].value if isinstance(parts[-1].value, list) else []:
        storage = table.get(str(key)[:200])
        if storage is None:
            return None, []
        found.append((str(key)[:200], at + 8, bytes_of(storage)))
        at += 8 + bytes_of(storage)
    return parts[_OBJECT].value, found


def _storages(file: BinaryIO, size: int, parts: list[Pickle], contents: Contents, budget: Budget) -> None:
    table = parts[_OBJECT].storages
    at, keys = parts[-1].end, parts[-1].value
    listed = keys if isinstance(keys, list) else []
    unknown = [key for key in listed if str(key)[:200] not in table] if len(listed) <= 100_000 else [None]
    if unknown or len(listed) != len(table):
        contents.healths.append(
            Health("corrupt", said("lists {0} storages, its tensors name {1}", figure(len(listed)), figure(len(table))))
        )
        return
    end = at + sum(8 + bytes_of(storage) for storage in table.values())
    if end > size:
        contents.healths.append(
            Health(
                "truncated",
                said(
                    "its tensors end at byte {0}, the file has {1} ({2} missing)",
                    figure(end),
                    figure(size),
                    figure(end - size),
                ),
            )
        )
    elif end < size:
        contents.healths.append(
            Health(
                "suspicious",
                counted(
                    "{0} byte behind the last tensor belongs to none",
                    "{0} bytes behind the last tensor belong to none",
                    size - end,
                    figure(size - end),
                ),
            )
        )
        contents.pickles += _behind(file, end, size, budget)
    else:
        contents.healths.append(zero_tail(file, size, min(at + 8, size)))


def _behind(file: BinaryIO, at: int, size: int, budget: Budget) -> list[Pickle]:
    file.seek(at)
    return [walk(file, at, size, budget)] if looks_like_pickle(file.read(512)) else []
