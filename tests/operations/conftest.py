"""A data folder of the test's own, and a second file system that shares blocks, where root may mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import VOLUMES

from model_manager.base.paths import OwnPaths


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnPaths:
    """A data folder, and a home trash that lies beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return OwnPaths(tmp_path / "own")


@pytest.fixture(scope="session")
def xfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small XFS with reflinks in a loop image."""
    if os.getuid() != 0 or shutil.which("mkfs.xfs") is None:
        pytest.skip("mounting an XFS image takes root and mkfs.xfs")
    top = tmp_path_factory.mktemp("xfs")
    image, place = top / "image", top / "mounted"
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(320 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=False, capture_output=True).returncode:
        pytest.skip("this system mounts no loop images")
    VOLUMES.forget()
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)
