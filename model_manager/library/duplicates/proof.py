"""What was read of a copy and of the file that stays, for the plan that lets the one go because of the other."""

from __future__ import annotations

from dataclasses import replace

from model_manager.base import reach
from model_manager.base.identity import file_id
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, hashes
from model_manager.operations.plan import Proof


def proof_of(database: Database, volumes: Volumes, copy: str, keeper: str, bytewise: bool = True) -> Proof:
    """As both are now; what was not read as they are now has no mounting, so it is read and compared before it goes.

    Raises OSError when one of them is gone.
    """
    found, stays = reach.lstat(copy), reach.lstat(keeper)
    with database.read() as tx:
        read = hashes.known(tx, file_id(copy, found, volumes.of(copy, found.st_dev)))
        kept = hashes.known(tx, file_id(keeper, stays, volumes.of(keeper, stays.st_dev)))
    proof = Proof(copy, found.st_ctime_ns, stays.st_ctime_ns, bytewise=bytewise)
    if bytewise and (not read.sha256 or read.sha256 != kept.sha256):
        return proof
    sha256 = read.sha256 or "" if bytewise else ""
    return replace(proof, mounted=read.mounted or "", kept_mounted=kept.mounted or "", sha256=sha256)
