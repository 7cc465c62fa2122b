"""A link and what it leads to stay two; a path lies below a folder by whole names."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import write

from model_manager.base.real_paths import is_below, resolved


def test_the_folder_is_resolved_and_the_last_name_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "a/model")
    (tmp_path / "way").symlink_to("a")
    (tmp_path / "a/link").symlink_to("model")
    assert resolved(str(tmp_path / "way/model")) == str(tmp_path / "a/model")
    assert resolved(str(tmp_path / "way/link")) == str(tmp_path / "a/link")
    assert resolved(str(tmp_path / "way")) == str(tmp_path / "way")
    assert resolved(str(tmp_path / "way/../b")) == str(tmp_path / "b")


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [
        ("/m/a", "/m", True), ("/m/a/b", "/m", True), ("/m/a", "/m/", True), ("/models/a", "/m", False), ("/m", "/m", False),
        ("/m/", "/m", True), ("/a", "/", True), ("/m", "/m/a", False), ("/M/a", "/m", False),
    ],
)  # fmt: skip
def test_below_is_a_matter_of_whole_names(path: str, folder: str, below: bool) -> None:
    assert is_below(path, folder) is below
