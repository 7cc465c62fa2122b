"""What went a moment ago and is led to again: a revision that was fetched meanwhile keeps its blobs."""

from __future__ import annotations

import os
from pathlib import Path

from factory import gguf_bytes, hub_repo, sha256, write

from model_manager.stores.hub.named import hub_named_now

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"


def blob(base: Path, data: bytes = GGUF) -> str:
    return str(base / "blobs" / sha256(data))


def test_a_blob_that_a_revision_leads_to_and_that_is_gone(home: Path) -> None:
    base = hub_repo(home, "org/m", {"sub/m.gguf": GGUF, "n.gguf": OTHER})
    gone = [blob(base), blob(base, OTHER), blob(base, b"nobody's"), str(home / "models--org--x/blobs/y")]
    assert list(hub_named_now(gone)) == [], "what is there is not missed"
    os.unlink(blob(base))
    assert list(hub_named_now(gone)) == [blob(base)]


def test_a_whole_repository_whose_links_are_there_again(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    other = hub_repo(home, "org/n", {"n.gguf": OTHER})
    link = other / "snapshots" / ("a" * 40) / "n.gguf"
    link.unlink()
    link.symlink_to(blob(base))
    os.unlink(blob(base))
    assert list(hub_named_now([str(base)])) == [str(base)]
    assert list(hub_named_now([str(base)[:-1], str(base / "refs")])) == [], "another name that begins alike is not it"


def test_a_payload_that_another_repository_of_any_kind_leads_to(home: Path) -> None:
    base = hub_repo(home, "org/d", {"m.gguf": GGUF}, shared=True, kind="datasets")
    payload = os.path.realpath(blob(base))
    assert list(hub_named_now([payload])) == []
    os.unlink(payload)
    assert list(hub_named_now([payload])) == [payload]


def test_what_lies_aside_and_what_is_no_repository_leads_to_nothing(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    os.rename(base / "snapshots" / ("a" * 40), base / "snapshots" / ASIDE)
    os.unlink(blob(base))
    write(home / "notes/snapshots/x")
    (home / "notes/snapshots/link").symlink_to(blob(base))
    write(home / "models--file", b"no folder")
    assert list(hub_named_now([blob(base)])) == []


def test_outside_of_a_cache_there_are_no_such_links(home: Path) -> None:
    assert list(hub_named_now([str(home / "x.gguf")])) == [] == list(hub_named_now([]))
