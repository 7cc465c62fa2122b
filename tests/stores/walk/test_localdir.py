"""Hashes that `hf download --local-dir` leaves: believed only while the file is not newer and the hash is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import facts
from factory import sha256, tree, write

from model_manager.stores.walk.localdir import with_downloads
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

DATA = b"PK\x03\x04"


def hashes(root: Path) -> dict[str, str | None]:
    reader = StoreReader(facts)
    items = with_downloads(describe_tree(str(root), reader, Plain()), str(root), reader)
    return {file.name: file.sha256 for item in items for file in getattr(item, "files", ())}


def record(root: Path, name: str, *lines: str) -> None:
    write(root / ".cache/huggingface/download" / f"{name}.metadata", "\n".join(lines) + "\n")


def test_the_hash_of_a_download_is_taken(home: Path) -> None:
    place = tree(home / "m", {"sub/x.pt": DATA, "y.pt": DATA})
    record(place, "sub/x.pt", "c" * 40, sha256(DATA).upper(), str(os.stat(place / "sub/x.pt").st_mtime))
    assert hashes(home) == {"x.pt": sha256(DATA), "y.pt": None}


@pytest.mark.parametrize("etag", ["d" * 40, "z" * 64, "../" + "a" * 61, ""])
def test_what_is_no_sha256_is_not(etag: str, home: Path) -> None:
    place = tree(home / "m", {"x.pt": DATA})
    record(place, "x.pt", "c" * 40, etag, str(os.stat(place / "x.pt").st_mtime))
    assert hashes(home) == {"x.pt": None}


@pytest.mark.parametrize("when", ["0", "nan", "inf", "1e400", "yesterday", ""])
def test_a_file_written_later_has_another_hash(when: str, home: Path) -> None:
    place = tree(home / "m", {"x.pt": DATA})
    record(place, "x.pt", "c" * 40, sha256(DATA), when)
    assert hashes(home) == {"x.pt": None}
