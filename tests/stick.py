"""A stick with exFAT by FUSE that can be pulled out and put back: inode numbers and device are others each time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_manager.base.volumes import Volumes


class Stick:
    """An exFAT image behind loop devices, mounted by FUSE's driver."""

    def __init__(self, folder: Path) -> None:
        self.image, self.point = folder / "image", folder / "usb"
        self._devices: list[str] = []
        self.point.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.exfat", str(self.image)], check=True, capture_output=True)

    def plug(self) -> Volumes:
        """Behind a device of its own each time, so under another number."""
        made = subprocess.run(["losetup", "-f", "--show", str(self.image)], capture_output=True, text=True)
        if made.returncode:
            pytest.skip("no loop devices here")
        self._devices.append(made.stdout.strip())
        subprocess.run(["mount.exfat-fuse", self._devices[-1], str(self.point)], check=True, capture_output=True)
        return Volumes()

    def pull(self) -> None:
        subprocess.run(["umount", str(self.point)], check=True)

    def away(self) -> None:
        subprocess.run(["umount", str(self.point)], capture_output=True)
        for device in self._devices:
            subprocess.run(["losetup", "-d", device], check=True)


@contextmanager
def exfat_stick(folder: Path) -> Iterator[Stick]:
    """One that is not plugged in yet; the test is skipped where there can be none."""
    if os.geteuid() or not shutil.which("mount.exfat-fuse") or not shutil.which("mkfs.exfat"):
        pytest.skip("needs root, exfat-fuse and mkfs.exfat")
    made = Stick(folder)
    try:
        yield made
    finally:
        made.away()
