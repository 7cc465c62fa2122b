"""What every verb looks at before it acts: real paths, the thing that was planned, the volume that is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.operations import Disk
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site, must_be_real, text_in


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
