"""Mounts that a test made up: what is in the folders lies on the test's own disk."""

from __future__ import annotations

from model_manager.base.volumes import Mount, Volume, Volumes


class Told(Volumes):
    """Volumes as a table of mounts tells them. A path is of the mount that its name lies in, whatever its device is."""

    def __init__(self, *mounts: Mount) -> None:
        super().__init__()
        self._table = list(mounts)

    def _all(self) -> list[Mount]:
        return self._table

    def of(self, path: str, device: int) -> Volume:
        mount = self.mount_of(path)
        return Volume(mount.point, mount.kind, mount.point) if mount else Volume("", "ext4", "/")


def mount(point: object, kind: str, source: object = "", root: str = "/", options: str = "", device: int = 1) -> Mount:
    return Mount(device, str(point), kind, str(source), False, True, root, options)
