"""The program's own health."""

from __future__ import annotations

from model_manager.actions.context import Context
from model_manager.library.doctor import Check, checks
from model_manager.operations.disk import Disk

__all__ = ["Check", "check", "save", "told"]


def check(context: Context) -> list[Check]:
    return checks(context.paths, context.database, context.settings)


def told(context: Context) -> None:
    """What was damaged and left nothing behind need not be told again; what was kept is, until somebody deletes it."""
    context.database.damages.settle_unkept()


def save(path: str, text: str) -> None:
    """Writes a new file of the user's. Raises FileExistsError where there is one of this name, and OSError."""
    Disk().write_new(path, text.encode("utf-8", "backslashreplace"))
