"""What anybody else may have written is not believed, and the words say how to mend it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write

from model_manager.base.ownership import belongs_to_another, folder_not_ours, not_ours_alone, user_name

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows tells no owners")


@pytest.mark.parametrize(
    ("mode", "closed"), [(0o600, True), (0o644, True), (0o755, True), (0o664, False), (0o646, False), (0o622, False)]
)
def test_what_others_may_write_to_is_told_with_its_repair(tmp_path: Path, mode: int, closed: bool) -> None:
    path = write(tmp_path / "a file")
    path.chmod(mode)
    said = not_ours_alone(os.lstat(path), str(path))
    assert said == ("" if closed else f"others may write to {path}: `chmod go-w '{path}'` closes it")


def test_a_link_is_never_ours(tmp_path: Path) -> None:
    write(tmp_path / "a").chmod(0o600)
    (tmp_path / "link").symlink_to("a")
    path = str(tmp_path / "link")
    assert not_ours_alone(os.lstat(path), path) == f"{path} is a link"
    assert not_ours_alone(os.stat(path), path) == "", "what it leads to is"


def test_who_owns_it_and_who_asks_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a")
    owner = user_name(os.getuid())
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    assert not_ours_alone(os.lstat(path), "p") == f"p belongs to {owner}, and this runs as 4000000001"
    assert belongs_to_another(str(tmp_path)) and folder_not_ours(str(tmp_path)).startswith(
        f"{tmp_path} belongs to {owner}"
    )


def test_a_folder_is_followed_where_the_user_made_it_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    assert folder_not_ours(str(tmp_path / "link")) == ""
    (tmp_path / "real").chmod(0o777)
    assert folder_not_ours(str(tmp_path / "link")).startswith(f"others may write to {tmp_path / 'real'}")


def test_what_is_not_there_is_nobody_elses(tmp_path: Path) -> None:
    assert folder_not_ours(str(tmp_path / "gone")) == ""
    assert not belongs_to_another(str(tmp_path / "gone")) and not belongs_to_another(str(tmp_path))


def test_a_folder_that_cannot_be_asked_says_why(tmp_path: Path) -> None:
    assert folder_not_ours(str(write(tmp_path / "file") / "x")) == f"{tmp_path}/file/x: Not a directory"


def test_users_have_names_where_the_system_knows_them() -> None:
    assert user_name(0) == "root" and user_name(4_000_000_001) == "4000000001"
