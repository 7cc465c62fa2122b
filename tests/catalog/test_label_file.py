"""The user's own words in their file: whole after a kill, never overwritten where they cannot be read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.catalog import label_file
from model_manager.catalog.label_file import LabelFile, SavedLabels

ONE, TWO = {"models": [{"note": "ä\n"}]}, {"models": []}


@pytest.fixture
def words(tmp_path: Path) -> LabelFile:
    (tmp_path / "own").mkdir()
    return LabelFile(tmp_path / "own")


def test_before_anything_was_said_there_is_nothing(words: LabelFile) -> None:
    assert (words.revision(), words.read(), words.problem()) == (None, None, "")


def test_what_was_written_is_read_again_under_the_next_revision(words: LabelFile) -> None:
    assert words.write(4, ONE) and (words.revision(), words.read(), words.problem()) == (5, SavedLabels(5, ONE), "")
    assert words.write(5, TWO) and words.read() == SavedLabels(6, TWO)
    assert stat.S_IMODE(words.path.stat().st_mode) == 0o600 and sorted(os.listdir(words.path.parent)) == [
        "words.before.jsonl",
        "words.jsonl",
    ]


def test_the_same_words_again_are_not_written(words: LabelFile) -> None:
    words.write(0, ONE)
    before = words.path.stat().st_mtime_ns, words.path.stat().st_ino
    assert not words.write(1, dict(ONE)) and (words.path.stat().st_mtime_ns, words.path.stat().st_ino) == before
    assert words.write(7, ONE) and words.revision() == 8, "another catalogue's count"


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "no words", "folder", "fifo", "link", "gone"])
def test_where_the_newest_is_damaged_the_one_before_is_read(words: LabelFile, damage: str, tmp_path: Path) -> None:
    words.write(0, ONE)
    words.write(1, TWO)
    raw = words.path.read_bytes()
    words.path.unlink()
    if damage in ("cut", "changed", "empty", "no words"):
        words.path.write_bytes(
            {"cut": raw[:-2], "changed": raw.replace(b"[]", b"{}"), "empty": b"", "no words": b"{}\n{}\n"}[damage]
        )
    elif damage == "folder":
        words.path.mkdir()
    elif damage == "fifo":
        os.mkfifo(words.path)
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(raw)
        words.path.symlink_to(tmp_path / "elsewhere")
    begun = time.monotonic()
    assert words.read() == SavedLabels(1, ONE) and time.monotonic() - begun < 1
    assert words.problem() == ("it is missing" if damage == "gone" else words.problem()) != ""
    if damage in ("cut", "changed", "empty", "no words"):
        assert words.problem() == "it is damaged"


def test_what_cannot_be_read_is_moved_aside_and_not_overwritten(words: LabelFile) -> None:
    words.write(0, ONE)
    words.write(1, TWO)
    words.path.write_text("half a wo")
    assert words.write(2, TWO)
    (aside,) = [one for one in words.path.parent.iterdir() if "damaged" in one.name]
    assert aside.read_text() == "half a wo" and words.read() == SavedLabels(3, TWO)
    assert json.loads((words.path.parent / "words.before.jsonl").read_text().split("\n")[1]) == ONE, (
        "that one stays as it was"
    )


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_ones(words: LabelFile, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    words.write(0, ONE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="full"):
        words.write(1, TWO)
    monkeypatch.undo()
    assert words.read() == SavedLabels(1, ONE) and not [
        one for one in os.listdir(words.path.parent) if one == f"words.jsonl.{os.getpid()}.new"
    ]


def test_without_links_the_new_ones_are_kept_all_the_same(words: LabelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    words.write(0, ONE)

    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", none)
    assert (
        words.write(1, TWO) and words.read() == SavedLabels(2, TWO) and os.listdir(words.path.parent) == ["words.jsonl"]
    )


def head(**values: object) -> bytes:
    body = b"{}"
    mark = hashlib.sha256(body).hexdigest()
    return json.dumps({"words": 1, "revision": 3, "sha256": mark} | values).encode() + b"\n" + body + b"\n"


def test_a_head_of_this_program_is_believed(words: LabelFile) -> None:
    words.path.write_bytes(head())
    assert words.revision() == 3 and words.read() == SavedLabels(3, {})
    words.path.write_bytes(head(revision=(1 << 62) - 1))
    assert words.revision() == (1 << 62) - 1


@pytest.mark.parametrize(
    "values", [{"words": 2}, {"words": None}, {"revision": -1}, {"revision": 1 << 62}, {"revision": "3"}, {"sha256": 5}]
)
def test_one_of_another_kind_is_not(words: LabelFile, values: dict[str, object]) -> None:
    words.path.write_bytes(head(**values))
    assert words.revision() is None and words.read() is None and words.problem() == "it is damaged"


def test_a_body_that_is_no_record_has_no_words(words: LabelFile) -> None:
    body = b"[1]"
    words.path.write_bytes(
        json.dumps({"words": 1, "revision": 3, "sha256": hashlib.sha256(body).hexdigest()}).encode()
        + b"\n"
        + body
        + b"\n"
    )
    assert words.read() is None and words.problem() == "it is damaged"


def test_more_than_any_words_are_is_not_taken_in(words: LabelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    words.write(0, ONE)
    monkeypatch.setattr(label_file, "_LARGEST", 10)
    assert words.read() is None and words.revision() is None


@settings(max_examples=25)
@given(st.binary(max_size=120))
def test_no_bytes_are_taken_for_words_and_none_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    found = LabelFile(folder)
    found.path.write_bytes(raw)
    assert found.read() is None and found.problem() == "it is damaged" and found.revision() is None


def test_what_a_killed_program_left_half_done_is_in_nobodys_way(words: LabelFile) -> None:
    words.write(0, ONE)
    left = words.path.with_name(f"words.before.jsonl.{os.getpid()}.new")
    left.write_text("of a program with the same number")
    words.write(1, TWO)
    assert not left.exists()
    words.path.write_text("damaged")
    assert words.read() == SavedLabels(1, ONE), "the words before are those of the last change"
