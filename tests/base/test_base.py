"""Words, units, settings, volumes and quiet reading."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import units
from model_manager.base.facts import Claim, Health, settle, worst
from model_manager.base.reading import Count, counting, open_quietly, read_small
from model_manager.base.settings import SettingsFile
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes, read_mounts


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (4_920_000_000, "4.92 GB"),
                                             (96_200_000_000, "96.2 GB"), (214 * 10**9, "214 GB"), (999_960_000, "1.00 GB")])  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert units.size(count) == text


@given(st.text(max_size=60))
def test_shown_is_always_one_printable_line(text: str) -> None:
    safe = shown(text)
    safe.encode()
    assert "\n" not in safe and "\x00" not in safe and "\u202e" not in safe


@given(st.binary(min_size=1, max_size=40))
def test_undecodable_names_are_shown_and_differ(name: bytes) -> None:
    assert shown(os.fsdecode(name)).encode()


def test_the_strongest_evidence_wins() -> None:
    claims = [
        Claim("category", "llm", "folder"),
        Claim("category", "tts", "tensors"),
        Claim("category", "stt", "sidecar"),
    ]
    assert settle(claims)["category"].value == "tts"
    assert worst([Health("good"), Health("truncated"), Health("not-a-model")]).verdict == "not-a-model"
    assert worst([Health("unknown"), Health("good")]).verdict == "good"


def test_settings_survive_unknown_keys_and_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"theme": "nord", "scale": "big", "from_the_future": 7}))
    file = SettingsFile(path)
    assert file.values.theme == "nord" and file.values.scale == 0.0
    file.save()
    assert json.loads(path.read_text())["from_the_future"] == 7
    path.write_text("{ broken")
    again = SettingsFile(path)
    assert again.values.theme == "nord" and "before the last change" in again.damaged
    for name in ("settings.json", "settings.before.json"):
        (tmp_path / name).write_text("{ broken")
    assert SettingsFile(path).values.theme == ""
    assert list(tmp_path.glob("settings.json.corrupt-*"))


def test_reading_leaves_no_trace_and_never_hangs(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    os.utime(path, (1_000_000, 1_000_000))
    assert read_small(str(path)) == b"abc" and os.stat(path).st_atime == 1_000_000
    os.mkfifo(tmp_path / "pipe")
    start = time.monotonic()
    with pytest.raises(OSError) as caught:
        open_quietly(str(tmp_path / "pipe"))
    assert caught.value.errno == errno.EINVAL and time.monotonic() - start < 1
    with pytest.raises(OSError) as caught:
        read_small(str(path), 2)
    assert caught.value.errno == errno.EFBIG


def test_mountinfo_is_read_with_its_escapes(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    file.write_text("36 35 8:1 / /mnt/my\\040disk rw,noatime shared:1 - ext4 /dev/sda1 rw\nbroken line\n")
    (mount,) = read_mounts(str(file))
    assert (mount.point, mount.kind, mount.device) == ("/mnt/my disk", "ext4", os.makedev(8, 1))


def test_a_volume_has_a_name_that_is_no_device_number(tmp_path: Path) -> None:
    volume = Volumes().of(str(tmp_path), os.stat(tmp_path).st_dev)
    assert volume.name and str(os.stat(tmp_path).st_dev) not in volume.name


@pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("kind", ["ext4"])
def test_a_replugged_drive_keeps_its_name(tmp_path: Path, kind: str) -> None:
    """One image, mounted twice under other device numbers: the same volume."""
    image, other = tmp_path / "a.img", tmp_path / "b.img"
    point = tmp_path / "drive"
    point.mkdir()
    for path in (image, other):
        with open(path, "wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(path)], check=True)
    names, devices = [], []
    for number in range(2):
        if number == 1:  # another drive takes the first loop device meanwhile
            (tmp_path / "between").mkdir()
            if subprocess.run(["mount", "-o", "loop", str(other), str(tmp_path / "between")]).returncode:
                pytest.skip("no loop devices here")
        if subprocess.run(["mount", "-o", "loop", str(image), str(point)]).returncode:
            pytest.skip("no loop devices here")
        found = os.stat(point)
        names.append(Volumes().of(str(point), found.st_dev).name)
        devices.append(found.st_dev)
        subprocess.run(["umount", str(point)], check=True)
    subprocess.run(["umount", str(tmp_path / "between")], check=True)
    assert names[0] == names[1] and devices[0] != devices[1]


@given(st.integers(0, 253402300799))
def test_a_time_is_read_back_as_it_was_written(seconds: int) -> None:
    assert units.seconds_of(units.iso(seconds)) == seconds


def test_of_a_file_that_is_too_large_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(5000))
    with counting(count := Count()):
        with pytest.raises(OSError, match="larger than 4,999 bytes"):
            read_small(str(path), 4999)
        assert count.bytes == 0
        assert len(read_small(str(path), 5000)) == count.bytes == 5000
