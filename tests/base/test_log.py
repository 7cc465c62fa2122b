"""A log that is no file is none: it hangs nothing, and nothing is written through it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device"])
def test_what_lies_in_the_logs_place_hinders_no_command(kind: str, home: Path, tmp_path: Path) -> None:
    data, target = tmp_path / "data", tmp_path / "model.gguf"
    data.mkdir(mode=0o700)
    place = data / "model-manager.log"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to(target)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/full")
    done = subprocess.run(
        [sys.executable, "-m", "model_manager", "--data-dir", str(data), "status"], capture_output=True, timeout=60
    )
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert not target.exists(), "nothing is made through the link"
