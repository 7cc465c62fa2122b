"""Where a thing that lies in a trash is now, when its volume is mounted at another place than it was."""

from __future__ import annotations

import os

from model_manager.base import reach
from model_manager.base.volumes import Volumes
from model_manager.operations.identity import Identity, identity_of, is_as_left


def remounted(path: str, kept: str, seen: Identity, volumes: Volumes, timeless: bool = False) -> tuple[str, str] | None:
    """The name that a thing had and its path in the trash, both below where their volume is mounted now.

    None unless the very thing lies at one of them. Both lay on one mount, so what they begin with alike holds its point.
    A volume without a lasting name of its own is called by where it is mounted, so it is found nowhere else.
    """
    common = os.path.commonpath([path, kept])
    olds = [common]
    while os.path.dirname(olds[-1]) != olds[-1]:
        olds.append(os.path.dirname(olds[-1]))
    for point in _points(seen.volume, volumes):
        for old in olds:
            now = [os.path.normpath(os.path.join(point, os.path.relpath(one, old))) for one in (path, kept)]
            if any(is_it(one, seen, volumes, timeless) for one in now):
                return now[0], now[1]
    return None


def is_it(path: str, seen: Identity, volumes: Volumes, timeless: bool = False) -> bool:
    """Whether this very thing lies at a path as it was left; False also where that cannot be asked."""
    try:
        return is_as_left(seen, path, identity_of(path, reach.lstat(path), volumes), timeless)
    except OSError:
        return False


def _points(volume: str, volumes: Volumes) -> list[str]:
    """Where a volume is mounted, by its name."""
    points = []
    for mount in volumes.mounted():
        try:
            found = reach.lstat(mount.point)
        except OSError:
            continue
        if volumes.of(mount.point, found.st_dev).name == volume:
            points.append(mount.point)
    return points
