"""What a symbolic link to another volume means, in words: it leads nowhere while that volume is away."""

from __future__ import annotations

import os

from model_manager.base.messages import said
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes, is_removable


def said_of(copy: str, keeper: str, volumes: Volumes) -> str:
    """A warning for a link at `copy` that leads to `keeper`; empty where both lie on one volume. Raises OSError."""
    here = volumes.of(copy, os.lstat(copy).st_dev)
    there = volumes.of(keeper, os.lstat(keeper).st_dev)
    if here.name == there.name or (here.mount, here.source) == (there.mount, there.source):  # two subvolumes
        return ""
    name = shown(copy)
    if there.network:
        return said("{0} becomes a link to a network drive ({1}): without it the model is not there", name, there.mount)
    if is_removable(there):
        return said(
            "{0} becomes a link to a removable drive ({1}): unplugged, the model is not there", name, there.mount
        )
    return said(
        "{0} becomes a link to another volume ({1}): while that is not mounted, it leads nowhere", name, there.mount
    )
