"""What every verb looks at before it acts: real paths, the thing that was planned, the volume that is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import meddled
from scenes import VOLUMES, put

from model_manager.operations import Disk
from model_manager.operations.identity import whole_tree
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import (
    Site,
    bring_in,
    has_again,
    make_parents,
    must_be_real,
    settle_swap,
    still_is,
    swap_in,
    text_in,
)


def site(told: list[str] | None = None) -> Site:
    notes = [] if told is None else told
    return Site(Disk(), VOLUMES, "test", stamped=lambda path, before, after: notes.append(path))


@pytest.mark.parametrize("bad", ["", "relative/x", "/", "/m/", "/m/.", "/m/..", "/m/a\0b"])
def test_what_is_no_path(bad: str) -> None:
    with pytest.raises(Refused, match="this is no path that could be changed"):
        must_be_real(site(), bad)


def test_a_name_that_this_system_cannot_write() -> None:
    with pytest.raises(Refused, match="cannot be written on this system"):
        must_be_real(site(), "/m/half \ud83d")


def test_a_path_by_way_of_a_link_is_not_the_planned_one(tmp_path: Path) -> None:
    put(tmp_path / "real" / "x", b"x")
    (tmp_path / "way").symlink_to("real")
    must_be_real(site(), os.path.realpath(tmp_path) + "/real/x")
    with pytest.raises(Refused, match="leads elsewhere now"):
        must_be_real(site(), str(tmp_path / "way" / "x"))


def test_only_a_file_whose_content_was_left_alone_is_told(tmp_path: Path) -> None:
    """What was read of a file still holds after our rename; not when somebody wrote to it in between."""
    told: list[str] = []
    at, path = site(told), put(tmp_path / "x", b"x")
    before = at.look(str(path))
    at.rename(str(path), str(tmp_path / "y"))
    assert told == [str(tmp_path / "y")]
    (tmp_path / "y").write_bytes(b"other")
    at.tell(str(tmp_path / "y"), before)
    at.tell(str(tmp_path / "gone"), before)
    at.tell(str(tmp_path / "y"), None)
    assert told == [str(tmp_path / "y")]


def test_nothing_is_said_of_a_volume_that_is_not_there(tmp_path: Path) -> None:
    at = site()
    here = at.identity(str(tmp_path)).volume  # type: ignore[union-attr]
    at.must_be_connected(str(tmp_path / "not" / "yet" / "there"), here)
    for other in ("uuid:elsewhere", None, 5):
        with pytest.raises(OSError, match="is not connected"):
            at.must_be_connected(str(tmp_path / "x"), other)


def test_a_fact_that_the_journal_does_not_have() -> None:
    assert text_in({"at": "/m"}, "at") == "/m"
    with pytest.raises(OSError, match="does not say 'at'"):
        text_in({"at": 5}, "at")


def is_file_of(text: bytes) -> Callable[[str], bool]:
    return lambda path: os.path.isfile(path) and Path(path).read_bytes() == text


def without_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS and some FUSE: two names cannot be swapped in one step."""
    monkeypatch.setattr(Disk, "exchange", lambda *of: False)


@pytest.mark.parametrize("swaps", [True, False])
def test_what_comes_takes_the_name_of_what_was_there_alone(
    swaps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not swaps:
        without_exchange(monkeypatch)
    path, coming = put(tmp_path / "x", b"old"), put(tmp_path / "coming", b"new")
    with pytest.raises(Refused, match="it changed in the last moment, it stays"):
        swap_in(site(), str(coming), str(path), is_file_of(b"another"))
    assert (path.read_bytes(), coming.read_bytes()) == (b"old", b"new")
    swap_in(site(), str(coming), str(path), is_file_of(b"old"))
    assert path.read_bytes() == b"new" and not (tmp_path / "coming").exists()


def test_what_came_to_the_name_while_it_was_swapped_has_it_again(tmp_path: Path) -> None:
    path, coming = put(tmp_path / "x", b"old"), put(tmp_path / "coming", b"new")
    at = Site(meddled("exchange", lambda: path.write_bytes(b"a newcomer")), VOLUMES, "test")
    with pytest.raises(Refused, match="it changed in the last moment, it stays"):
        swap_in(at, str(coming), str(path), is_file_of(b"old"))
    assert (path.read_bytes(), coming.read_bytes()) == (b"a newcomer", b"new")
    with pytest.raises(Refused, match="it changed in the last moment"):
        bring_in(site(), str(coming), str(path), is_file_of(b"old"))
    assert path.read_bytes() == b"a newcomer" and not (tmp_path / "coming").exists(), "what was made for it goes"


@pytest.mark.parametrize(
    ("name", "aside", "left"),
    [(b"old", b"new", {"x": b"old"}), (b"new", b"old", {"x": b"new"}), (b"new", b"a stranger", {"x": b"a stranger"}),
     (b"a stranger", b"old", {"x": b"a stranger"}), (b"a stranger", b"new", {"x": b"a stranger"}), (b"new", b"new", {"x": b"new"})],
)  # fmt: skip
def test_after_a_kill_within_a_swap_a_stranger_keeps_its_name(
    name: bytes, aside: bytes, left: dict[str, bytes], tmp_path: Path
) -> None:
    path, coming = put(tmp_path / "x", name), put(tmp_path / "coming", aside)
    settle_swap(site(), str(coming), str(path), is_file_of(b"old"), is_file_of(b"new"))
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()} == left


def test_after_a_kill_a_stranger_that_cannot_be_swapped_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, coming = put(tmp_path / "x", b"new"), put(tmp_path / "coming", b"a stranger")
    without_exchange(monkeypatch)
    with pytest.raises(Refused, match=f"it is kept as {coming}"):
        settle_swap(site(), str(coming), str(path), is_file_of(b"old"), is_file_of(b"new"))
    assert (path.read_bytes(), coming.read_bytes()) == (b"new", b"a stranger")
    coming.unlink()
    settle_swap(site(), str(coming), str(path), is_file_of(b"old"), is_file_of(b"new"))
    assert path.read_bytes() == b"new"


def test_whether_it_is_still_what_was_seen(tmp_path: Path) -> None:
    at, path = site(), str(put(tmp_path / "x", b"x"))
    seen = at.identity(path)
    assert still_is(at, path, seen) is True and still_is(at, path, None) is False
    assert still_is(at, str(tmp_path / "gone"), seen) is False
    Path(path).write_bytes(b"another")
    assert still_is(at, path, seen) is False
    folder = put(tmp_path / "d/a", b"a").parent
    whole = whole_tree(str(folder), at.identity(str(folder)))  # type: ignore[arg-type]
    assert still_is(at, str(folder), whole) is True
    put(folder / "b", b"b")
    assert still_is(at, str(folder), whole) is False


def test_a_file_made_anew_with_its_size_and_time_has_it_again(tmp_path: Path) -> None:
    at, path = site(), put(tmp_path / "x", b"x")
    seen = at.identity(str(path))
    os.rename(path, tmp_path / "old")
    assert not has_again(at, seen)(str(path))
    put(path, b"x")
    assert has_again(at, seen)(str(path)) and not has_again(at, None)(str(path))
    path.write_bytes(b"y")
    assert not has_again(at, seen)(str(path))


def test_what_was_left_aside_is_cleared_and_said(tmp_path: Path) -> None:
    path = put(tmp_path / "aside", b"x")
    assert site().clear(str(path)) is True and not path.exists() and site().clear(str(path)) is False


def test_folders_that_went_are_made_again(tmp_path: Path) -> None:
    make_parents(site(), str(tmp_path / "a/b/c/file"))
    assert (tmp_path / "a/b/c").is_dir() and not (tmp_path / "a/b/c/file").exists()
    make_parents(site(), str(tmp_path / "a/b/c/file"))
