"""What an operation keeps aside is seen wherever the runner's store has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import TREES
from factory import write

from model_manager.stores.docker.aside import aside_in

ASIDE = ".model-manager-20260101T000000000Z-00000000-"


@pytest.fixture
def store(home: Path) -> Path:
    TREES["docker-model-runner"](home)
    return home / ".docker/models"


@pytest.mark.parametrize("folder", ["", "manifests/sha256", "bundles/sha256", "blobs/sha256"])
def test_in_each_of_its_folders_the_first_is_named(folder: str, store: Path) -> None:
    assert aside_in(str(store)) == ""
    for n in ("2", "1"):
        write(store / folder / f"{ASIDE}{n}")
    assert aside_in(str(store)) == str(store / folder / f"{ASIDE}1")


def test_other_names_and_missing_folders_are_none(store: Path, tmp_path: Path) -> None:
    write(store / ".model-manager-notes")
    write(store / "blobs" / f"{ASIDE}1")
    assert aside_in(str(store)) == "" == aside_in(str(tmp_path / "gone"))
    (store / "manifests").rename(store / "m")
    write(store / "blobs/sha256" / f"{ASIDE}1")
    assert aside_in(str(store)).endswith(f"blobs/sha256/{ASIDE}1")
