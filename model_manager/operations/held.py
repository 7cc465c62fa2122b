"""What an operation that is not settled may still put back: its places are nobody's to clear away meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.base.errors import ModelManagerError
from model_manager.base.messages import said
from model_manager.operations.journal import Journal
from model_manager.operations.operation import Operation


def unsettled(journal: Journal, but: str = "") -> Iterator[Operation]:
    """The operations that something ended in the middle of, or that another program is at now; not `but`."""
    try:
        ids = journal.unsettled(but)
    except ModelManagerError:
        return
    for id_ in ids:
        try:
            yield journal.read(id_).operation()
        except ModelManagerError:
            continue  # history tells of it


def held_paths(journal: Journal, but: str = "") -> tuple[tuple[str, str], ...]:
    """Each path that may come back or that what comes back needs, and in words why it is held. `but`: not of this one."""
    found: dict[str, str] = {}
    for operation in unsettled(journal, but):
        halves = operation.halves
        why = said(
            "an earlier change is not settled yet ({0}): what it may still put back needs this", operation.plan.title
        )
        for step in operation.plan.steps:
            if step.unit in halves and step.verb != "ask":
                found.setdefault(step.path, why)
                if step.verb in ("link", "move", "copy") and step.target:
                    found.setdefault(step.target, why)
    return tuple(found.items())


def why_held(path: str, held: tuple[tuple[str, str], ...], top: str = "") -> str:
    """Why a path may not go now; empty where nothing holds it. `top`: a store whose things name each other, held whole."""
    for one, why in held:
        folder = os.path.dirname(one)
        if os.path.dirname(path) == folder or _is_in(one, path) or (top and _is_in(one, top) and _is_in(path, top)):
            return why
    return ""


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
