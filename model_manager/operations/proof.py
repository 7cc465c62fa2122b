"""When two files are believed to hold the same bytes: what was read of them holds only while both stayed as they were.

Change times show that nobody wrote, since nobody can set them back; the mounting shows that it is the same drive, and
not a copy of it that was made block by block and has other bytes where that failed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from model_manager.base.mounted_as import mounted_as
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.plan import Kept, Proof
from model_manager.operations.refusal import Refused


def holds(proof: Proof, kept: str, disk: Disk, volumes: Volumes, own_ctime: int | None = None) -> bool:
    """Whether neither file can have changed since both were read. `own_ctime`: what our own links left on the kept one."""
    if not proof.mounted or not proof.kept_mounted:
        return False
    found, stays = disk.lstat(proof.path), disk.lstat(kept)
    if not all(volumes.of(path, one.st_dev).true_ctime for path, one in ((proof.path, found), (kept, stays))):
        return False
    untouched = found.st_ctime_ns == proof.ctime_ns and stays.st_ctime_ns in (proof.kept_ctime_ns, own_ctime)
    return untouched and (mounted_as(proof.path), mounted_as(kept)) == (proof.mounted, proof.kept_mounted)


def must_be_equal(
    disk: Disk, volumes: Volumes, keeps: Iterable[Kept], ctimes: dict[str, int], worked: Callable[[int], None]
) -> None:
    """Raises Refused where a file that goes as a copy is not shown to be one: else both are read now and compared."""
    for kept in dict.fromkeys(keeps):
        proof = kept.same
        if proof is None or holds(proof, kept.path, disk, volumes, ctimes.get(kept.path)):
            continue
        if not proof.bytewise:
            raise Refused(
                f"{proof.path} and {kept.path} were read before their drives were mounted: read the duplicates once more"
            )
        if os.path.realpath(proof.path) == kept.path or not disk.same_bytes(proof.path, kept.path, worked):
            raise Refused(f"{proof.path} and {kept.path} are not the same any more: nothing of it goes")
