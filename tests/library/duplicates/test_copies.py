"""A copy with all its names: when its bytes stay whatever is done with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from copy_of import copy_of
from factory import write

from model_manager.library.duplicates.copies import Copy, FileName, is_inside


def named(*paths: str, links: int) -> Copy:
    names = tuple(FileName(1, "m", number, "folder", path, path) for number, path in enumerate(paths))
    return copy_of("folder", paths[0], names=names, links=links)


def test_it_is_alone_when_every_name_is_known(home: Path) -> None:
    first = write(home / "a", b"x")
    os.link(first, home / "b")
    one, other = str(first), str(home / "b")
    assert named(one, links=1).alone and named(one, other, links=2).alone
    assert not named(one, links=2).alone and not named(one, other, links=3).alone
    assert not named(one, one, links=2).alone  # one name that two places have


@pytest.mark.parametrize(
    ("more", "stays"),
    [({}, False), ({"reference": True}, True), ({"writable": False}, True), ({"links": 2}, True), ({"pinned": True}, False), ({"shared": 5}, False)],
)  # fmt: skip
def test_when_its_bytes_stay_whatever_is_done(more: dict[str, object], stays: bool) -> None:
    assert copy_of("folder", "/a", **more).stays is stays


def test_which_file_it_is_whatever_its_names() -> None:
    one = FileName(1, "m", 1, "ollama", "/link", "/real")
    copy = copy_of("ollama", "/x", names=(one,), key="i77")
    assert copy.path == "/real" and copy.identity == ("v", "i77")


def test_inside_a_folder(home: Path) -> None:
    (home / "models").mkdir()
    (home / "way").symlink_to("models")
    real = os.path.realpath(home)
    for folder in (f"{home}/models", f"{home}/models/", f"{home}/way", "~/models"):
        assert is_inside(f"{real}/models/a/b", folder)
        assert not is_inside(f"{real}/models", folder) and not is_inside(f"{real}/models-two/a", folder)
    assert is_inside("/a", "/") and not is_inside("/a", "") and not is_inside("/a", None)  # type: ignore[arg-type]
