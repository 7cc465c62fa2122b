"""The program's own health, and a file for those who help."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_manager.actions import doctor
from model_manager.app import App


def test_it_is_well_and_says_what_of(app: App) -> None:
    found = {one.name: one.ok for one in doctor.check(app)}
    assert found["program"] and found["catalogue"]
    doctor.told(app)
    assert {one.name: one.ok for one in doctor.check(app)} == found


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    doctor.save(str(tmp_path / "told.txt"), "first \udcff")
    with pytest.raises(FileExistsError):
        doctor.save(str(tmp_path / "told.txt"), "second")
    assert (tmp_path / "told.txt").read_bytes() == b"first \\udcff"
