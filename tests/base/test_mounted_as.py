"""Which mounting of a volume a path lies on."""

from __future__ import annotations

from pathlib import Path

import pytest
from drives import made_drive, mounted

from model_manager.base.mounted_as import mounted_as


def test_each_mounting_has_a_name_that_no_other_gets(tmp_path: Path) -> None:
    drive = made_drive(tmp_path / "image")
    told = []
    for _again in range(3):
        with mounted(drive, tmp_path / "usb") as point:
            (point / "a").write_bytes(b"a")
            assert mounted_as(str(point / "a")) == mounted_as(str(point))
            told.append(mounted_as(str(point)))
    if not told[0]:
        pytest.skip("this kernel numbers its mounts anew")
    assert len({*told, mounted_as(str(tmp_path))}) == 4


def test_of_what_is_not_there_nothing_is_told(tmp_path: Path) -> None:
    assert mounted_as(str(tmp_path / "gone")) == ""
