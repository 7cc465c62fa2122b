"""What is noted beside a thing that is gathered is read back exactly, or not believed at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_manager.operations import Disk
from model_manager.operations.staged_record import (
    LARGEST,
    Record,
    Wanted,
    from_bytes,
    read_record,
    stem_in,
    stem_of,
    to_bytes,
)

RECORD = Record(Wanted("a/b\0\ud800", {"etag": '"x"'}, 9, "ab" * 32), 5, "m:1", True)


@pytest.mark.parametrize("record", [RECORD, Record(Wanted("k"))])
def test_it_is_read_back_as_it_was(record: Record) -> None:
    assert from_bytes(to_bytes(record)) == record


@pytest.mark.parametrize(
    "change",
    [{"form": 2}, {"form": None}, {"key": ""}, {"key": 5}, {"of": []}, {"of": {"etag": 1}}, {"size": -1}, {"size": True},
     {"size": "9"}, {"size": 1 << 63}, {"sha256": "AB" * 32}, {"sha256": "ab"}, {"sha256": None}, {"bytes": None},
     {"bytes": 1.5}, {"bytes": -1}, {"bytes": True}, {"mounted": None}, {"finished": 1}, {"finished": None}],
)  # fmt: skip
def test_what_was_tampered_with_is_not_believed(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        from_bytes(json.dumps(json.loads(to_bytes(RECORD)) | change).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\0" * 400, b"[" * 60_000, to_bytes(RECORD)[:-3]])
def test_what_is_no_record_is_not_believed(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_bytes(data)


def test_what_could_not_be_read_back_is_not_written() -> None:
    for wanted in (Wanted(""), Wanted("k", sha256="no"), Wanted("k", size=-1), Wanted("k" * LARGEST)):
        with pytest.raises(ValueError):
            to_bytes(Record(wanted))


def test_a_key_is_never_a_path() -> None:
    stems = {stem_of(key) for key in ("../../x", "a\0b", "/etc/passwd", "a/b", "A/b", "\ud800", "x" * 9000)}
    assert len(stems) == 7 and all(len(stem) == 32 and stem.isalnum() for stem in stems)
    for name in (".part", ".json", ".part.new", ".json.new"):
        assert stem_in(stem_of("k") + name) == stem_of("k")
    assert stem_in("model.json") == "model.json"


def test_links_and_large_files_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(to_bytes(RECORD))
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "large").write_bytes(b" " * LARGEST + to_bytes(RECORD))
    assert read_record(str(tmp_path / "real"), Disk()) == RECORD
    for name in ("link", "large"):
        with pytest.raises(ValueError):
            read_record(str(tmp_path / name), Disk())
