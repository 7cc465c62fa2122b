"""When two files are believed to hold the same bytes: what was read of them holds only while both stayed as they were.

Change times show that nobody wrote, since nobody can set them back; the mounting shows that it is the same drive, and
not a copy of it that was made block by block and has other bytes where that failed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from model_manager.base.behind import keeps_its_own
from model_manager.base.messages import said
from model_manager.base.mounted_as import is_of_one_run, mounted_as
from model_manager.base.volumes import Volumes
from model_manager.operations.disk import Disk
from model_manager.operations.plan import KeptFile, Proof
from model_manager.operations.refusal import Refused


def holds(proof: Proof, kept: str, disk: Disk, volumes: Volumes, own_ctime: int | None = None) -> bool:
    """Whether neither file can have changed since both were read. `own_ctime`: what our own links left on the kept one."""
    if not proof.mounted or not proof.kept_mounted:
        return False
    if proof.bytewise and (is_of_one_run(proof.mounted) or is_of_one_run(proof.kept_mounted)):
        return False  # a mounting that is told apart from others by this run alone; comparing is sure
    found, stays = disk.lstat(proof.path), disk.lstat(kept)
    if not all(_tells_changes(path, one, volumes) for path, one in ((proof.path, found), (kept, stays))):
        return False
    untouched = found.st_ctime_ns == proof.ctime_ns and stays.st_ctime_ns in (proof.kept_ctime_ns, own_ctime)
    return untouched and (mounted_as(proof.path), mounted_as(kept)) == (proof.mounted, proof.kept_mounted)


def _tells_changes(path: str, details: os.stat_result, volumes: Volumes) -> bool:
    """Whether a change of a file shows in its change time: what FUSE and shares tell of it may be the time of its content."""
    volume = volumes.of(path, details.st_dev)
    return volume.true_ctime and keeps_its_own(volume.kind) and not volume.kind.startswith("fuse")


def must_be_equal(
    disk: Disk, volumes: Volumes, keeps: Iterable[KeptFile], ctimes: dict[str, int], worked: Callable[[int], None]
) -> None:
    """Raises Refused where a file that goes as a copy is not shown to be one: else both are read now and compared."""
    for kept in dict.fromkeys(keeps):
        proof = kept.same
        if proof is None or holds(proof, kept.path, disk, volumes, ctimes.get(kept.path)):
            continue
        if not proof.bytewise:
            for path in (proof.path, kept.path):
                if not _tells_changes(path, disk.lstat(path), volumes):
                    raise Refused(
                        said(
                            "the drive of {0} does not tell when a file was changed: what only looks alike stays", path
                        )
                    )
            raise Refused(
                said(
                    "{0} and {1} were read before their drives were mounted: read the duplicates once more",
                    proof.path,
                    kept.path,
                )
            )
        if os.path.realpath(proof.path) == kept.path or not disk.same_bytes(proof.path, kept.path, worked):
            raise Refused(said("{0} and {1} do not hold the same bytes now: nothing of it goes", proof.path, kept.path))
