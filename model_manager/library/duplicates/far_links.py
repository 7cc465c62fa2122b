"""What a symbolic link to another volume means, in words: it leads nowhere while that volume is away."""

from __future__ import annotations

import os

from model_manager.base.text import later, shown
from model_manager.base.volumes import Volumes, is_removable


def said_of(copy: str, keeper: str, volumes: Volumes) -> str:
    """A warning for a link at `copy` that leads to `keeper`; empty where both lie on one volume. Raises OSError."""
    here = volumes.of(copy, os.lstat(copy).st_dev)
    there = volumes.of(keeper, os.lstat(keeper).st_dev)
    if here.name == there.name or (here.mount, here.source) == (there.mount, there.source):  # two subvolumes
        return ""
    name = shown(copy)
    if there.network:
        return later(f"{name} becomes a link to a network drive ({there.mount}): without it the model is not there")
    if is_removable(there):
        return later(f"{name} becomes a link to a removable drive ({there.mount}): unplugged, the model is not there")
    return later(
        f"{name} becomes a link to another volume ({there.mount}): while that is not mounted, it leads nowhere"
    )
