"""What of a file's bytes comes back when it goes: never more than is its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write
from mount_tables import Told, mount

from model_manager.base import comes_back as rule
from model_manager.base.comes_back import Back, comes_back
from model_manager.base.extents import Blocks
from model_manager.base.volumes import Volumes


def test_elsewhere_all_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "a", b"a" * 5000)
    assert comes_back(str(tmp_path / "a"), 5000, Told(mount("/", "ext4"))) == Back(5000)
    assert comes_back(str(tmp_path / "a"), 5000, Told()) == Back(5000), "a system that tells no mounts"


def test_the_test_s_own_file_comes_back_whole(tmp_path: Path) -> None:
    write(tmp_path / "a", b"a" * 5000)
    assert comes_back(str(tmp_path / "a"), 5000, Volumes()).own in (
        0,
        5000,
    )  # 0: below an overlay that is not to be seen


@pytest.mark.parametrize("kind", ["xfs", "btrfs", "bcachefs", "ocfs2"])
@pytest.mark.parametrize(
    ("blocks", "back"),
    [
        (Blocks(0, 0), Back(5000)), (Blocks(1000, 0), Back(4000, shared=1000)), (Blocks(0, 700), Back(4300, packed=700)),
        (Blocks(1000, 700), Back(3300, 1000, 700)), (Blocks(9000, 700), Back(0, 5000, 0)),
        (Blocks(4900, 700), Back(0, 4900, 100)),
    ],
)  # fmt: skip
def test_shared_and_packed_blocks_are_told_apart_and_add_up(
    kind: str, blocks: Blocks, back: Back, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "blocks_of", lambda _path: blocks)
    found = comes_back("/v/a", 5000, Told(mount("/v", kind)))
    assert found == back and sum(found) == 5000


def test_where_files_never_share_blocks_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "blocks_of", lambda _path: pytest.fail("asked"))
    assert comes_back("/v/a", 5000, Told(mount("/v", "nfs4"))) == Back(5000)
    assert comes_back("/v/a", 0, Told(mount("/v", "btrfs"))) == Back(0)


@pytest.fixture
def overlay(tmp_path: Path) -> Told:
    for name in ("merged/low", "lower/low", "merged/high", "upper/high", "merged/sub/high", "upper/sub/high"):
        write(tmp_path / name, b"1" * 5000)
    options = f"rw,lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/w"
    return Told(mount("/", "ext4"), mount(tmp_path / "merged", "overlay", options=options))


def test_of_an_overlay_only_the_upper_layer_comes_back(overlay: Told, tmp_path: Path) -> None:
    assert comes_back(str(tmp_path / "merged/low"), 5000, overlay) == Back(0, below=5000)
    assert comes_back(str(tmp_path / "merged/high"), 5000, overlay) == Back(5000)
    assert comes_back(str(tmp_path / "merged/sub/high"), 5000, overlay) == Back(5000)


def test_a_file_whose_name_alone_was_copied_up_lies_below(overlay: Told, tmp_path: Path) -> None:
    """With metacopy: it has a size and no blocks."""
    os.truncate(tmp_path / "upper/high", 0)
    os.truncate(tmp_path / "upper/high", 5000)
    assert comes_back(str(tmp_path / "merged/high"), 5000, overlay) == Back(0, below=5000)
    os.truncate(tmp_path / "upper/high", 0)
    assert comes_back(str(tmp_path / "merged/high"), 5000, overlay) == Back(5000), "an empty file has no blocks either"


@pytest.mark.parametrize("options", ["", "lowerdir=/l", "upperdir=/not/here", "upperdir=relative", "upperdir"])
def test_layers_that_are_not_to_be_seen_promise_nothing(
    options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relative").mkdir()
    monkeypatch.chdir(tmp_path)
    assert comes_back("/m/a", 5000, Told(mount("/m", "overlay", options=options))) == Back(0, unsure=5000)
