"""A file is known again by what lasts: its inode, or its path where inode numbers are made up."""

from __future__ import annotations

import os
from pathlib import Path

from model_manager.base.identity import FileId, file_id, is_untouched, lasting_inode
from model_manager.base.volumes import Volume

EXT4 = Volume("uuid:1", "ext4", "/")
EXFAT = Volume("uuid:2", "exfat", "/media/me/stick", lasting=False, true_ctime=False)
SHARE = Volume("//nas/models", "cifs", "/mnt/nas", network=True, lasting=False)


def seen(path: Path) -> os.stat_result:
    return os.lstat(path)


def test_by_inode_a_file_has_one_identity_under_all_its_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1234")
    os.link(one, other)
    found = seen(one)
    id_ = file_id(str(one), found, EXT4)
    assert id_ == FileId("uuid:1", f"i{found.st_ino}", 4, found.st_mtime_ns, found.st_ctime_ns)
    assert file_id(str(other), seen(other), EXT4) == id_ and lasting_inode(found, EXT4) == found.st_ino


def test_by_path_the_inode_and_the_change_time_tell_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a:1:2~3"
    path.write_bytes(b"1234")
    before = seen(path)
    id_ = file_id(str(path), before, EXFAT)
    path.chmod(0o600)
    path.rename(tmp_path / "away")
    (tmp_path / "taken").touch()
    path.write_bytes(b"1234")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert seen(path).st_ino != before.st_ino
    assert file_id(str(path), seen(path), EXFAT) == id_ and id_.ctime_ns == 0
    assert lasting_inode(before, EXFAT) == 0
    shared = file_id(str(path), seen(path), SHARE)
    assert shared.key == id_.key and shared != file_id(str(path), before, SHARE), "a server's change times are true"
    assert file_id(str(tmp_path / "away"), seen(tmp_path / "away"), EXFAT).file != id_.file


def test_names_of_any_bytes_have_keys_of_their_own(tmp_path: Path) -> None:
    names = [os.fsdecode(name) for name in (b"\xff", b"\xfe", b"a", b"A", "\u00e9".encode(), b"e\xcc\x81")]
    (tmp_path / "x").touch()
    keys = {file_id(f"/media/{name}", seen(tmp_path / "x"), EXFAT).key for name in names}
    assert len(keys) == len(names) and all(key.isascii() for key in keys)


def test_untouched_means_no_write_and_no_change_of_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1234")
    os.utime(path, ns=(5, 5))
    before = seen(path)
    assert is_untouched(before, seen(path))
    path.write_bytes(b"4321")
    os.utime(path, ns=(5, 5))
    assert not is_untouched(before, seen(path))
