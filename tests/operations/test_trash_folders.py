"""Which trash: the home's, the volume's, a folder of ours; never another volume."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scenes import VOLUMES, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations
from model_manager.operations.plan_builder import NoTrash, PlanBuilder, Way
from model_manager.operations.trash_folders import ASIDE, aside_for, home_trash, trash_for
from model_manager.operations.trashed import plan_empty, trashed

OUR_UID = os.getuid()


@pytest.fixture(autouse=True)
def _data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def drive(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Another file system, mounted for this test."""
    if OUR_UID != 0:
        pytest.skip("mounting takes root")
    place = tmp_path / "drive"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)], capture_output=True, check=False
    ).returncode:
        pytest.skip("this system mounts nothing")
    VOLUMES.forget()
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)
    VOLUMES.forget()


def clear(top: Path, own: OwnPaths, *paths: Path, way: Way = "trash"):  # type: ignore[no-untyped-def]
    draft = PlanBuilder(VOLUMES, [str(top)], way)
    draft.begin_unit()
    for path in paths:
        draft.take(str(path), "test")
    return Operations(own).apply(draft.plan("Clear"))


def test_home_trash_for_what_shares_its_mount(tmp_path: Path) -> None:
    path = put(tmp_path / "m" / "x", b"x")
    found = trash_for(str(path), VOLUMES)
    assert found is not None and found.folder == os.path.join(os.path.realpath(tmp_path), "share", "Trash")


def test_the_trash_of_another_volume_is_its_own(tmp_path: Path, drive: Path) -> None:
    path = put(drive / "models" / "x.gguf", b"x" * 5000)
    found = trash_for(str(path), VOLUMES)
    assert found is not None and found.folder == str(drive / f".Trash-{OUR_UID}")
    inode = os.lstat(path).st_ino
    own = OwnPaths(tmp_path / "own")
    done = clear(drive, own, path)
    assert done.state == "applied" and done.plan.frees == 5000
    kept = drive / f".Trash-{OUR_UID}" / "files" / "x.gguf"
    assert os.lstat(kept).st_ino == inode
    note = (drive / f".Trash-{OUR_UID}" / "info" / "x.gguf.trashinfo").read_text()
    assert note.startswith("[Trash Info]\nPath=") and str(path) in note
    assert os.stat(drive / f".Trash-{OUR_UID}").st_mode & 0o777 == 0o700


def test_a_shared_trash_must_be_sticky_and_no_link(drive: Path) -> None:
    path = str(put(drive / "x", b"x"))
    (drive / ".Trash").mkdir(mode=0o777)
    assert trash_for(path, VOLUMES).folder == str(drive / f".Trash-{OUR_UID}")  # type: ignore[union-attr]
    os.chmod(drive / ".Trash", 0o1777)
    assert trash_for(path, VOLUMES).folder == str(drive / ".Trash" / str(OUR_UID))  # type: ignore[union-attr]


def test_a_link_in_place_of_the_trash_is_not_followed(drive: Path, tmp_path: Path) -> None:
    path = str(put(drive / "x", b"x"))
    os.symlink(tmp_path, drive / f".Trash-{OUR_UID}")
    assert trash_for(path, VOLUMES) is None
    with pytest.raises(NoTrash, match="can have no trash"):
        clear(drive, OwnPaths(tmp_path / "own"), Path(path))


def test_a_bind_mount_is_another_mount(tmp_path: Path) -> None:
    """A rename does not cross it; a copy through it is what other programs do."""
    if OUR_UID != 0:
        pytest.skip("mounting takes root")
    real, bound = tmp_path / "real", tmp_path / "bound"
    put(real / "x", b"x")
    bound.mkdir()
    subprocess.run(["mount", "--bind", str(real), str(bound)], check=True)
    try:
        volumes = Volumes()
        found = trash_for(str(bound / "x"), volumes)
        assert found is not None and found.folder == str(bound / f".Trash-{OUR_UID}")
    finally:
        subprocess.run(["umount", "-l", str(bound)], check=False)


def test_set_aside_in_the_highest_place_outside_the_roots(tmp_path: Path, drive: Path) -> None:
    path = put(drive / "someone" / "models" / "x", b"x" * 99)
    found = aside_for(str(path), VOLUMES, [str(drive / "someone" / "models")])
    assert found is not None and found.folder == str(drive / ASIDE)
    assert aside_for(str(path), VOLUMES, [str(drive)]) is None
    own = OwnPaths(tmp_path / "own")
    draft = PlanBuilder(VOLUMES, [str(drive / "someone" / "models")], "aside")
    draft.begin_unit()
    draft.take(str(path), "test")
    operations = Operations(own)
    done = operations.apply(draft.plan("Aside"))
    assert done.state == "applied" and (drive / ASIDE / "files" / "x").read_bytes() == b"x" * 99
    assert operations.undo(done.id).state == "undone" and path.read_bytes() == b"x" * 99


def test_what_the_file_manager_did_meanwhile(tmp_path: Path) -> None:
    """Restored by somebody, emptied by somebody: each said as it is, and what is there comes back."""
    own, top = OwnPaths(tmp_path / "own"), tmp_path / "m"
    names = ("kept", "restored", "emptied")
    paths = [put(top / name, name.encode() * 50) for name in names]
    draft = PlanBuilder(VOLUMES, [str(top)])
    for path in paths:
        draft.begin_unit()
        draft.take(str(path), "test")
    done = Operations(own).apply(draft.plan("Clear"))
    trash = tmp_path / "share" / "Trash"
    os.rename(trash / "files" / "restored", top / "restored")
    (trash / "info" / "restored.trashinfo").unlink()
    (trash / "files" / "emptied").unlink()
    operations = Operations(own)
    items = trashed(operations.history()[0], VOLUMES)
    assert [item.where for item in items] == ["trash", "restored", "gone"]
    undone = operations.undo(done.id)
    assert [step.state for step in undone.steps] == ["undone", "undone", "done"]
    assert "emptied or taken" in undone.steps[2].problem
    assert (top / "kept").read_bytes() == b"kept" * 50 and not list((trash / "info").glob("[kr]*"))


def test_emptying_touches_only_what_is_ours(tmp_path: Path) -> None:
    own, top = OwnPaths(tmp_path / "own"), tmp_path / "m"
    clear(top, own, put(top / "a", b"a" * 5000), put(top / "b", b"b" * 5000))
    trash = tmp_path / "share" / "Trash"
    put(trash / "files" / "somebody's", b"precious")
    put(trash / "info" / "somebody's.trashinfo", b"[Trash Info]\n")
    operations = Operations(own)
    plan = plan_empty(trashed(operations.history()[0], VOLUMES), VOLUMES)
    assert plan.title == "Delete this one for good (10.0 kB)" and plan.frees_now == plan.frees >= 10_000
    assert operations.apply(plan).state == "applied"
    assert sorted(os.listdir(trash / "files")) == ["somebody's"]
    assert sorted(os.listdir(trash / "info")) == ["somebody's.trashinfo"]
    with pytest.raises(ModelManagerError, match="nothing of this program's"):
        plan_empty(trashed(operations.history()[0], VOLUMES), VOLUMES)


def test_one_unit_comes_back_alone(tmp_path: Path) -> None:
    own, top = OwnPaths(tmp_path / "own"), tmp_path / "m"
    draft = PlanBuilder(VOLUMES, [str(top)])
    for name in ("a", "b"):
        draft.begin_unit()
        draft.take(str(put(top / name, b"x" * 10)), "test")
    operations = Operations(own)
    done = operations.apply(draft.plan("Two"))
    partly = operations.undo(done.id, [2])
    assert partly.state == "partly" and (top / "b").exists() and not (top / "a").exists()
    assert operations.undo(done.id).state == "undone" and (top / "a").exists()


def test_a_name_that_is_taken_in_the_trash(tmp_path: Path) -> None:
    own, top = OwnPaths(tmp_path / "own"), tmp_path / "m"
    for content in (b"first", b"second"):
        clear(top, own, put(top / "same", content))
    files = tmp_path / "share" / "Trash" / "files"
    assert sorted(path.read_bytes() for path in files.iterdir()) == [b"first", b"second"]


def test_a_full_volume_refuses_and_loses_nothing(tmp_path: Path, drive: Path) -> None:
    path = put(drive / "m" / "x", b"x" * 3_000_000)
    with open(drive / "filler", "wb") as filler:
        try:
            while filler.write(b"y" * 65536):
                filler.flush()
        except OSError:
            pass
    done = clear(drive, OwnPaths(tmp_path / "own"), path)
    assert path.exists() == (done.state == "refused")
    if done.state == "refused":
        assert "is full" in done.steps[0].problem or "space" in done.steps[0].problem
        assert clear(drive, OwnPaths(tmp_path / "own"), path, way="delete").state == "applied"
    assert not path.exists()


@pytest.mark.parametrize("told", ["", "relative/share"])
def test_where_the_home_trash_is_when_nobody_says(told: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", told)
    assert home_trash() == os.path.join(os.path.realpath(home), ".local", "share", "Trash")


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_macos_and_windows_have_one_trash_and_tell_no_place(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing is promised: undo is the system's own."""
    path = put(tmp_path / "m" / "x", b"x")
    monkeypatch.setattr(sys, "platform", system)
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")])
    draft.begin_unit()
    draft.take(str(path), "test")
    (step,) = draft.plan("Clear").steps
    assert (step.verb, step.target, step.undo) == ("trash", None, False)


def test_a_shared_trash_where_ours_is_taken_falls_back_to_our_own(drive: Path, tmp_path: Path) -> None:
    path = str(put(drive / "x", b"x"))
    (drive / ".Trash").mkdir()
    os.chmod(drive / ".Trash", 0o1777)
    os.symlink(tmp_path, drive / ".Trash" / str(OUR_UID))
    assert trash_for(path, VOLUMES).folder == str(drive / f".Trash-{OUR_UID}")  # type: ignore[union-attr]


def test_without_a_mount_that_is_known_there_is_no_trash(drive: Path) -> None:
    """A container that hides its mounts: better none than a copy across."""

    class Hidden(Volumes):
        def mount_of(self, path: str) -> None:
            return None

    assert trash_for(str(put(drive / "x", b"x")), Hidden()) is None


def test_a_folder_that_went_has_neither_trash_nor_place_aside(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone" / "x")
    assert trash_for(gone, VOLUMES) is None and aside_for(gone, VOLUMES) is None


def test_where_nothing_can_be_set_aside_it_says_what_else(tmp_path: Path, drive: Path) -> None:
    path = put(drive / "x", b"x")
    with pytest.raises(NoTrash, match="no folder on this volume") as told:
        clear(drive, OwnPaths(tmp_path / "own"), path, way="aside")
    assert "delete it for good" in told.value.hint and path.exists()


def test_aside_lies_where_its_user_may_write_and_nowhere_above(drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(put(drive / "someone" / "models" / "deep" / "x", b"x"))
    monkeypatch.setattr(os, "access", lambda place, mode: place.startswith(str(drive / "someone")))
    found = aside_for(path, VOLUMES, [str(drive / "someone" / "models")])
    assert found is not None and found.folder == str(drive / "someone" / ASIDE) and not os.path.exists(found.folder)
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    assert aside_for(path, VOLUMES) is None


@pytest.fixture
def subvolume(tmp_path: Path):  # type: ignore[no-untyped-def]
    """`models`, a btrfs subvolume in a home on the same file system."""
    if OUR_UID != 0 or not shutil.which("mkfs.btrfs"):
        pytest.skip("needs root and mkfs.btrfs")
    image, home = tmp_path / "image", tmp_path / "someone"
    home.mkdir()
    with open(image, "wb") as file:
        file.truncate(200 << 20)
    subprocess.run(["mkfs.btrfs", "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(home)], capture_output=True, check=False).returncode:
        pytest.skip("this system mounts no loop images")
    VOLUMES.forget()
    subprocess.run(["btrfs", "-q", "subvolume", "create", str(home / "models")], check=True)
    yield home / "models"
    subprocess.run(["umount", str(home)], check=True)
    VOLUMES.forget()


@pytest.mark.parametrize("watched", [".", "llm"])
def test_on_a_subvolume_things_are_set_aside_within_it(subvolume: Path, tmp_path: Path, watched: str) -> None:
    """A rename does not leave it: no trash, but room in it, at its top, and back by undo. Also where all of it is
    watched."""
    root = subvolume / watched
    path = put(subvolume / "llm" / "a.gguf", b"a" * 5000)
    inode = os.lstat(path).st_ino
    with pytest.raises(NoTrash, match="can have no trash"):
        clear(root.resolve(), OwnPaths(tmp_path / "own"), path)
    draft = PlanBuilder(VOLUMES, [str(root.resolve())], "aside")
    draft.begin_unit()
    draft.take(str(path), "test")
    operations = Operations(OwnPaths(tmp_path / "own"))
    done = operations.apply(draft.plan("Aside"))
    kept = subvolume / ASIDE / "files" / "a.gguf"
    assert done.state == "applied" and os.lstat(kept).st_ino == inode and not path.exists()
    assert operations.undo(done.id).state == "undone" and path.read_bytes() == b"a" * 5000
