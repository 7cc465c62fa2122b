"""`hf download --local-dir`: plain files, with what the hub said of them under `.cache/huggingface/download`.

Each `<path>.metadata` holds commit, etag (sha256 of LFS files, git sha1 else) and a unix time, and is valid
only while the file is not newer (huggingface_hub 2.4 `_local_folder.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from model_manager.base import reach
from model_manager.stores.discovered import FoundFile, FoundModel, Leftover
from model_manager.stores.walk.store_reader import StoreReader

_SHA256 = re.compile(r"^[0-9a-fA-F]{64}\r?$")
DOWNLOADS = os.path.join(".cache", "huggingface", "download")


def with_downloads(
    items: Iterable[FoundModel | Leftover], root: str, reader: StoreReader
) -> Iterator[FoundModel | Leftover]:
    """Passes models through, with the sha256 that a `--local-dir` download left for their files."""
    known: dict[str, str] = {}
    for item in items:
        if isinstance(item, FoundModel):
            files = tuple([_hashed(file, root, reader, known) for file in item.files])
            yield item._replace(files=files) if files != item.files else item
        else:
            yield item


def has_downloads(folder: str) -> bool:
    """Whether such a download was made into a folder."""
    return reach.is_dir(os.path.join(folder, DOWNLOADS))


def _hashed(file: FoundFile, root: str, reader: StoreReader, known: dict[str, str]) -> FoundFile:
    if file.sha256 or file.role not in ("weights", "adapter", "projector"):
        return file
    base = _base(os.path.dirname(file.path), root, known)
    if not base:
        return file
    record = os.path.join(base, DOWNLOADS, os.path.relpath(file.path, base) + ".metadata")
    text = reader.small(record, 4096)
    lines = text.decode("ascii", "replace").split("\n") if text else []
    if len(lines) < 3 or not _SHA256.match(lines[1]):
        return file
    try:
        written = float(lines[2])
    except ValueError:
        return file
    if not file.stat.st_mtime - 1 <= written < 1e11:  # neither NaN nor infinity is a time
        return file
    return file._replace(sha256=lines[1].strip().lower(), sha256_source="index")


def _base(folder: str, root: str, known: dict[str, str]) -> str:
    """The folder above `folder`, within the root, that a download was made into; empty when there is none."""
    if folder in known:
        return known[folder]
    if has_downloads(folder):
        found = folder
    elif folder.rstrip(os.sep) == root.rstrip(os.sep) or len(folder) <= len(root):
        found = ""
    else:
        found = _base(os.path.dirname(folder), root, known)
    known[folder] = found
    return found
