"""Links to drives that may go away are said to be such."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import write

from model_manager.base.volumes import Volume, Volumes
from model_manager.library.duplicates.far_links import said_of


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "drive"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "none", str(place)], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


class Told(Volumes):
    """The real volumes, but a drive that is what a test says."""

    def __init__(self, drive: Path, told: Volume) -> None:
        super().__init__()
        self._drive, self._told = str(drive), told

    def of(self, path: str, device: int) -> Volume:
        return self._told if path.startswith(self._drive) else super().of(path, device)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (Volume("uuid:1", "ext4", "/run/media/anna/STICK"), "a link to a removable drive (/run/media/anna/STICK)"),
        (Volume("nas", "nfs4", "/nas", network=True), "a link to a network drive (/nas)"),
        (Volume("uuid:2", "ext4", "/data"), "a link to another volume (/data)"),
    ],
)
def test_a_link_to_a_drive_that_may_go_away(tmp_path: Path, drive: Path, there: Volume, words: str) -> None:
    copy, keeper = str(write(tmp_path / "a.gguf", b"a")), str(write(drive / "a.gguf", b"a"))
    said = said_of(copy, keeper, Told(drive, there))
    assert said.startswith(f"{copy} becomes {words}")


def test_on_one_volume_nothing_is_said(tmp_path: Path) -> None:
    paths = [str(write(tmp_path / name, b"a")) for name in "ab"]
    assert said_of(*paths, Volumes()) == ""


def test_it_stands_in_the_plan(app, home: Path, drive: Path) -> None:  # type: ignore[no-untyped-def]
    from model_manager.jobs import Progress
    from model_manager.library.duplicates import search as duplicates
    from model_manager.library.duplicates import sharing as dedupe
    from model_manager.library.scan import watch

    data = b"GGUF" + b"\3\0\0\0" + bytes(16) + os.urandom(2_000_000)
    write(home / "m" / "a.gguf", data)
    keeper = write(drive / "m" / "a.gguf", data)
    for folder in (home / "m", drive / "m"):
        watch.add_root(app.database, str(folder))
    app.scanner().run(Progress())
    (group,) = duplicates.prove(app.database, app.volumes).groups
    plan = dedupe.plan_sharing(app.database, app.volumes, app.env(), [group], "symlink", keep=[str(keeper)])
    assert [f"becomes a link to another volume ({drive})" in one for one in plan.warnings] == [True]
