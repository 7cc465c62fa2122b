"""What the last scan left of folders is believed only while nothing that decided it has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import tree

from model_manager.stores.walk import folder_memory
from model_manager.stores.walk.folder_memory import FolderMemory, Whole, digest

OLD = 1_600_000_000
PLACE, OTHER = b"p" * 16, b"q" * 16


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change times cannot be set back: what was made just now counts as quiet."""
    monkeypatch.setattr(folder_memory, "SETTLED_NS", -10_000_000_000)


@pytest.fixture
def folder(home: Path) -> Path:
    tree(home / "m", {"a.gguf": b"12345", "sub/b.gguf": b"1", "two/c": b"2"})
    return home / "m"


def memory(folder: Path, mark: bytes = b"mark", places: frozenset[bytes] = frozenset({PLACE})) -> FolderMemory:
    return FolderMemory(mark, folder.stat().st_dev, {}, places)


def kept(folder: Path) -> FolderMemory:
    """What the scan after one that listed the folder begins with."""
    first = memory(folder)
    stat = first.settled(str(folder))
    assert stat is not None
    first.keep(
        str(folder), b"rules", stat, ["sub", "two"], {"a.gguf": os.stat(folder / "a.gguf")}, [("/place", "name")]
    )
    before, gone = first.after({("/place", "name"): PLACE})
    assert gone == set()
    second = memory(folder)
    second.before = before
    return second


def test_a_folder_as_it_was_is_believed(folder: Path) -> None:
    second = kept(folder)
    assert second.unchanged(str(folder), b"rules") == ["sub", "two"]
    assert second.seen() == {PLACE} and second.after({}) == ({}, set())


CHANGES: dict[str, Callable[[Path], object]] = {
    "a new name": lambda folder: (folder / "new").touch(),
    "a name that went": lambda folder: (folder / "two/c").rename(folder / "c"),
    "a file written in place": lambda folder: os.utime(folder / "a.gguf", (OLD, OLD)),
    "a file that grew": lambda folder: (folder / "a.gguf").write_bytes(b"123456"),
    "a file that went": lambda folder: (folder / "a.gguf").unlink(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_folder_that_changed_has_to_be_listed(what: str, folder: Path) -> None:
    second = kept(folder)
    CHANGES[what](folder)
    assert second.unchanged(str(folder), b"rules") is None
    assert second.seen() == set() and second.after({}) == ({}, {str(folder)})


def test_other_rules_another_mark_and_a_model_that_is_not_known_any_more(folder: Path) -> None:
    assert kept(folder).unchanged(str(folder), b"other") is None
    second = kept(folder)
    second.mark = b"other"
    assert second.unchanged(str(folder), b"rules") is None
    second = kept(folder)
    second.places = frozenset({OTHER})
    assert second.unchanged(str(folder), b"rules") is None
    assert kept(folder).unchanged(str(folder / "sub"), b"rules") is None


def test_models_that_were_passed_on_otherwise_are_not_remembered(folder: Path) -> None:
    first = memory(folder)
    first.keep(str(folder), b"rules", os.stat(folder), [], {}, [("/place", "name"), ("/second", "name")])
    assert first.after({("/place", "name"): PLACE}) == ({}, set())
    stored, _ = first.after({("/place", "name"): PLACE, ("/second", "name"): OTHER})
    assert stored[str(folder)].places == PLACE + OTHER


def test_only_what_has_been_quiet_on_this_device_is_settled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory(folder).settled(str(folder)) is not None and memory(folder).settled(str(folder / "gone")) is None
    elsewhere = memory(folder)
    elsewhere.device += 1
    assert elsewhere.settled(str(folder)) is None
    monkeypatch.setattr(folder_memory, "SETTLED_NS", 60_000_000_000)
    assert memory(folder).settled(str(folder)) is None


def whole(folder: Path, kept_in: FolderMemory | None) -> Whole:
    return Whole(kept_in, str(folder / "sub"), str(folder), b"rules")


def kept_whole(folder: Path) -> FolderMemory:
    first = memory(folder)
    one = whole(folder, first)
    assert one.unchanged() is None
    one.look(str(folder / "sub"))
    one.look(str(folder / "sub/b.gguf"))
    one.keep([("/place", "name")])
    second = memory(folder)
    second.before, _ = first.after({("/place", "name"): PLACE})
    return second


def test_what_is_read_as_one_is_believed_while_all_that_was_looked_at_is_as_it_was(folder: Path) -> None:
    second = kept_whole(folder)
    assert second.unchanged(str(folder / "sub"), b"rules") is None  # as a folder it is not known
    assert whole(folder, second).unchanged() == ["sub", "sub/b.gguf"] and second.seen() == {PLACE}
    (folder / "other").touch()
    assert whole(folder, kept_whole(folder)).unchanged() is not None
    third = kept_whole(folder)
    (folder / "sub/b.gguf").write_bytes(b"22")
    assert whole(folder, third).unchanged() is None
    fourth = kept_whole(folder)
    (folder / "sub/b.gguf").unlink()
    assert whole(folder, fourth).unchanged() is None


@pytest.mark.parametrize("path", ["gone", "../outside"])
def test_what_is_missing_or_lies_elsewhere_is_never_remembered(path: str, folder: Path) -> None:
    (folder.parent / "outside").touch()
    first = memory(folder)
    one = whole(folder, first)
    one.look(str(folder / "sub"))
    one.look(os.path.normpath(folder / path))
    one.keep([])
    assert first.after({}) == ({}, set())


def test_without_a_memory_nothing_is_kept(folder: Path) -> None:
    one = whole(folder, None)
    one.look(str(folder / "sub"))
    one.keep([])
    assert one.unchanged() is None


def test_a_digest_stands_for_its_values() -> None:
    assert digest(1, "a") == digest(1, "a") and len(digest()) == 8
    assert len({digest(1, "a"), digest("1", "a"), digest("1a"), digest((1, "a")), digest("\udcff")}) == 5
