"""The last use of models: what tools recorded, and access times where the mount keeps them."""

from __future__ import annotations

from collections.abc import Iterable

from model_manager.base.volumes import NETWORK, Volumes
from model_manager.catalog import Tx, models
from model_manager.stores.host.last_used import Used

NOT_KEPT = {"access_times": "not kept"}
"""A place's detail where access times say nothing."""


def keeps_access_times(path: str, volumes: Volumes) -> bool:
    """Whether reading a file moves its access time, as far as the mount tells: not with `noatime`, not read-only, and
    over a network it is the server's business."""
    mount = volumes.mount_of(path)
    return mount is not None and mount.access_times and not mount.read_only and mount.kind not in NETWORK


def keep_last_uses(tx: Tx, root: int, uses: Iterable[Used]) -> set[int]:
    """Notes what the tool of a root recorded, where it is later than what is known; answers the models."""
    by_name: dict[str, Used] = {}
    by_hash: dict[str, Used] = {}
    for use in uses:
        known = by_name if use.name else by_hash
        key = use.name or use.sha256
        if key not in known or known[key].at < use.at:
            known[key] = use
    if not by_name and not by_hash:
        return set()
    found = [(id_, by_name[name]) for id_, name in models.names_of(tx, root) if name in by_name]
    found += [(id_, by_hash[sha256]) for id_, sha256 in models.hashes_of(tx) if sha256 in by_hash]
    return {id_ for id_, use in found if models.note_use(tx, id_, use.at, use.evidence)}
