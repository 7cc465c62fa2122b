"""What an adapter tells of a tool's folders: sizes as the disk has them, and nothing said that was not found."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from model_manager.stores.discovered import FoundFile, FoundModel, FoundRoot, Leftover, on_disk


def test_a_file_of_holes_holds_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 10 << 20)
    assert on_disk(os.stat(tmp_path / "sparse")) < 1 << 20


@pytest.mark.parametrize("size, blocks, held", [(10, 8, 10), (5000, 8, 4096), (4096, 8, 4096), (0, 8, 0), (9, 0, 0)])
def test_never_more_than_its_size_nor_than_its_blocks(size: int, blocks: int, held: int) -> None:
    assert on_disk(SimpleNamespace(st_size=size, st_blocks=blocks)) == held  # type: ignore[arg-type]


def test_where_the_system_counts_no_blocks_the_size_tells() -> None:
    assert on_disk(SimpleNamespace(st_size=77)) == 77  # type: ignore[arg-type]


def test_what_is_not_said_is_not_claimed(tmp_path: Path) -> None:
    root = FoundRoot("ollama", "/m")
    assert root.found_by == "default" and dict(root.details) == {}
    model = FoundModel("x", "/m/x", ())
    assert model.title == "" and model.source is None and model.health is None and not model.is_folder
    assert model.claims == () and dict(model.details) == {} and Leftover("orphan", "/m/x", 1, 1).of == ""
    file = FoundFile("/m/x", os.stat(tmp_path), "weights")
    assert file.sha256 is None and file.sha256_source is None and file.name == ""


def test_details_of_one_root_are_its_own() -> None:
    assert FoundRoot("a", "/m").details is not FoundRoot("b", "/n").details
    with pytest.raises(TypeError):
        FoundModel("x", "/m/x", ()).details["y"] = "z"  # type: ignore[index]
