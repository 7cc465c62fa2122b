"""Files of the catalogue that are one file seen by two ways, so that each weighs once in every figure.

Found at the end of a scan by what the mounts tell and by `lstat` alone: no file is opened for it. A mount that does not
tell what it shows leaves what is alike in name, size and time: that may be one file, so it counts once and is said to.
What may go is not decided here: see `same_file`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from model_manager.base import reach
from model_manager.base.behind import keeps_its_own
from model_manager.base.pools import TrueFile
from model_manager.base.sixty_four_bits import folded
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, mount_aliases
from model_manager.catalog.mount_aliases import AliasedFile, AliasGroup

_SECOND = 1_000_000_000
"""Nanoseconds: as exactly as every file system tells a time."""


def note_second_ways(database: Database, volumes: Volumes) -> set[int]:
    """Looks which files are others seen by a second way, and stores it; answers the models that it matters to."""
    with database.read() as tx:
        files = mount_aliases.files(tx) if any(not keeps_its_own(kind) for kind in mount_aliases.kinds(tx)) else []
        before = mount_aliases.every(tx)
    found = same_files(files, volumes)
    if found == before:
        return set()
    with database.write() as tx:
        return mount_aliases.replace(tx, found)


def same_files(files: Iterable[AliasedFile], volumes: Volumes) -> dict[int, AliasGroup]:
    """File -> the one that stands for it: the file itself rather than a view of it."""
    stacked: list[AliasedFile] = []
    own: list[AliasedFile] = []
    for file in files:
        (own if keeps_its_own(file.kind) else stacked).append(file)
    if not stacked:
        return {}
    identities = {(file.volume, file.inode): file.file for file in own}
    found: dict[int, AliasGroup] = {}
    untold: list[AliasedFile] = []
    reader = _Look(volumes)
    for file in stacked:
        identity = reader.behind(file)
        if identity is None:
            untold.append(file)
        elif (first := identities.setdefault(identity, file.file)) != file.file:
            found[file.file] = AliasGroup(first, True)
    alike: dict[tuple[str, int, int], list[AliasedFile]] = {}
    for file in [*own, *stacked] if untold else ():
        alike.setdefault(_likeness(file), []).append(file)
    taken: set[tuple[str, int]] = set()
    for file in untold:  # two files of one mount are not both the same third one
        for other in alike[_likeness(file)]:
            one = file.volume, other.file
            if other.volume != file.volume and other.file not in found and one not in taken:
                taken.add(one)
                found[file.file] = AliasGroup(other.file, False)
                break
    return found


def _likeness(file: AliasedFile) -> tuple[str, int, int]:
    return os.path.basename(file.path), file.size, file.mtime_ns // _SECOND


class _Look:
    """Looks behind many files, at each folder once."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes, self._behind = volumes, TrueFile(volumes)
        self._folders: dict[str, str] = {}

    def behind(self, file: AliasedFile) -> tuple[str, int] | None:
        """(volume, inode) of what a path shows; None where its mount does not tell."""
        found = self._behind.of(self._real(file.path))
        if found is None:
            return None
        path, details = found
        is_it = (details.st_size, folded(details.st_mtime_ns) // _SECOND) == (file.size, file.mtime_ns // _SECOND)
        return (self._volumes.of(path, details.st_dev).name, details.st_ino) if is_it else None

    def _real(self, path: str) -> str:
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = reach.realpath(folder)
        real = os.path.join(self._folders[folder], name)
        return reach.realpath(real) if reach.is_link(real) else real
