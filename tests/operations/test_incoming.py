"""Where what comes in is gathered: on the mount of its place, private, ours, and found again."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from factory import gguf_bytes, write
from faults import Failing
from incomings import DATA, WANTED
from scenes import VOLUMES

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import leftovers
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.operations import Disk
from model_manager.operations.incoming import INCOMING, incoming_for, why_not_private
from model_manager.operations.staging import Staged

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="mounting takes root")


def place(path: Path, avoid: tuple[Path, ...] = (), disk: Disk | None = None) -> Path:
    return Path(incoming_for(str(path), VOLUMES, disk or Disk(), [str(one) for one in avoid]))


@pytest.fixture
def drive(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Another file system, so that nothing above it is a place."""
    if os.getuid() != 0:
        pytest.skip("mounting takes root")
    top = tmp_path / "drive"
    top.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(top)], capture_output=True, check=False).returncode:
        pytest.skip("this system mounts nothing")
    VOLUMES.forget()
    yield top
    subprocess.run(["umount", "-l", str(top)], check=False)
    VOLUMES.forget()


def test_it_is_made_private_at_the_top_of_the_mount(drive: Path) -> None:
    made = place(drive / "models/new/m.gguf")
    assert made == drive / INCOMING and stat.S_IMODE(made.stat().st_mode) == 0o700
    assert place(drive / "else/n.gguf") == made, "the same folder again"
    assert os.listdir(drive) == [INCOMING]


def test_outside_the_folders_of_tools_where_there_is_such_a_place(drive: Path) -> None:
    (drive / "ai/models/sub").mkdir(parents=True)
    assert place(drive / "ai/models/sub/m.gguf", (drive / "ai/models",)) == drive / INCOMING


def test_within_them_where_a_whole_drive_is_one(drive: Path) -> None:
    (drive / "sub").mkdir()
    assert place(drive / "sub/m.gguf", (drive,)) == drive / INCOMING


def test_the_one_that_is_there_is_taken_though_a_higher_one_could_be_made(drive: Path) -> None:
    (drive / "ai" / INCOMING).mkdir(parents=True, mode=0o700)
    assert place(drive / "ai/models/m.gguf") == drive / "ai" / INCOMING


def test_a_bind_mount_has_one_of_its_own(drive: Path) -> None:
    bound = drive / "bound"
    (drive / "real").mkdir(), bound.mkdir()
    subprocess.run(["mount", "--bind", str(drive / "real"), str(bound)], check=True)
    VOLUMES.forget()
    try:
        made = place(bound / "m.gguf")
        assert made == bound / INCOMING
        (made / "x").write_bytes(b"x")
        os.rename(made / "x", bound / "m.gguf")
    finally:
        subprocess.run(["umount", "-l", str(bound)], check=True)


@AS_ROOT
def test_a_subvolume_has_one_of_its_own(tmp_path: Path) -> None:
    if shutil.which("mkfs.btrfs") is None:
        pytest.skip("takes mkfs.btrfs")
    image, top = tmp_path / "image", tmp_path / "top"
    top.mkdir()
    with open(image, "wb") as file:
        file.truncate(160 << 20)
    subprocess.run(["mkfs.btrfs", "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(top)], capture_output=True, check=False).returncode:
        pytest.skip("this system mounts no loop images")
    try:
        subprocess.run(["btrfs", "-q", "subvolume", "create", str(top / "sub")], check=True)
        VOLUMES.forget()
        made = place(top / "sub/m.gguf")
        assert made == top / "sub" / INCOMING
        (made / "x").write_bytes(b"x")
        os.rename(made / "x", top / "sub/m.gguf")
    finally:
        subprocess.run(["umount", "-l", str(top)], check=False)
        VOLUMES.forget()


def test_a_read_only_volume_is_named(drive: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    with pytest.raises(ModelManagerError, match="volume is read-only"):
        place(drive / "m.gguf")
    assert os.listdir(drive) == []


def test_a_link_is_not_followed(drive: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    (drive / INCOMING).symlink_to(tmp_path / "mine")
    with pytest.raises(ModelManagerError, match="no folder of this program's"):
        place(drive / "m.gguf")
    (drive / "sub").mkdir()
    assert place(drive / "sub/m.gguf") == drive / "sub" / INCOMING
    assert os.listdir(tmp_path / "mine") == []


def test_what_another_user_made_is_refused(drive: Path) -> None:
    (drive / INCOMING).mkdir(mode=0o700)
    os.chown(drive / INCOMING, 12345, 12345)
    with pytest.raises(ModelManagerError, match="belongs to 12345"):
        place(drive / "m.gguf")
    with pytest.raises(ModelManagerError, match="belongs to 12345"):
        Staged(str(drive / INCOMING), WANTED, VOLUMES, Disk())
    assert os.listdir(drive / INCOMING) == []


@pytest.mark.parametrize(("mode", "words"), [(0o770, "others may write"), (0o755, "chmod 700")])
def test_one_that_is_open_to_others_is_refused_with_the_repair(drive: Path, mode: int, words: str) -> None:
    (drive / INCOMING).mkdir()
    (drive / INCOMING).chmod(mode)
    with pytest.raises(ModelManagerError, match=words):
        place(drive / "m.gguf")
    (drive / INCOMING).chmod(0o700)
    assert place(drive / "m.gguf") == drive / INCOMING


def test_a_volume_without_rights_has_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT shows every folder as it was told when it was mounted."""
    (tmp_path / INCOMING).mkdir()
    (tmp_path / INCOMING).chmod(0o777)
    assert why_not_private(str(tmp_path / INCOMING), VOLUMES, Disk())
    monkeypatch.setattr("model_manager.operations.incoming._has_no_rights", lambda kind: True)
    assert not why_not_private(str(tmp_path / INCOMING), VOLUMES, Disk())


@pytest.mark.parametrize("path", ["m.gguf", "/a\0b", "/tmp/../m", "/tmp/m/", "/tmp/\ud800"])
def test_what_is_no_path_has_no_place(path: str) -> None:
    with pytest.raises(ModelManagerError, match=r"no path that|cannot be written"):
        incoming_for(path, VOLUMES, Disk())


def test_a_file_on_the_way_is_no_folder(tmp_path: Path) -> None:
    write(tmp_path / "m", b"x")
    with pytest.raises(ModelManagerError, match="is not a folder"):
        place(tmp_path / "m/n.gguf")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_an_error_at_every_call_is_told_and_leaves_at_most_the_empty_folder(drive: Path, number: int) -> None:
    for at in range(1, 20):
        disk = Failing(at, number)
        try:
            made = place(drive / "m.gguf", disk=disk)
        except ModelManagerError as error:
            assert error.reason
        else:
            assert disk.count < at and made == drive / INCOMING
            return
        for name in os.listdir(drive):
            (drive / name).rmdir()
    raise AssertionError("more calls than expected")


def test_a_scan_lists_nothing_of_it(app: App, home: Path) -> None:
    """A real folder that is watched, with an item that looks like a model in every way but its name."""
    top = home / "own"
    write(top / "sub/m.gguf", gguf_bytes(seed=1))
    folder = top / INCOMING
    folder.mkdir(mode=0o700)
    with Staged(str(folder), WANTED, VOLUMES, Disk()) as item:
        item.append(DATA)
        item.finish()
    write(folder / "looks.gguf", gguf_bytes(seed=2)), write(folder / "rest.safetensors.incomplete", b"x" * 9000)
    watch.add_root(app.database, str(top))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        paths = [os.fsdecode(row[0]) for row in tx.execute("SELECT path FROM place")]
        rests = [row.path for row in leftovers.every(tx)]
    assert paths == [str(top / "sub/m.gguf")] and rests == []
