"""What all plans have in common: what is gone already is told as gone, not as an error of the file system."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from model_manager.actions.context import Context
from model_manager.base.errors import ModelManagerError
from model_manager.library.removal.still_there import Missing, NotThere, lost
from model_manager.operations.plan_builder import NoTrash, Way

__all__ = ["Missing", "NoTrash", "NotThere", "Way", "told_as_gone"]

Made = TypeVar("Made")


def told_as_gone(context: Context, make: Callable[[], Made]) -> Made:
    """What `make` answers. Where it fails since something is not where it is listed, raises NotThere, which says that and
    in which folders a scan has to look again; every other error as it is."""
    try:
        return make()
    except (NoTrash, NotThere):
        raise
    except ModelManagerError as error:
        found = lost(context.database, context.volumes, error.path)
        if found is None:
            raise
        raise NotThere([found], error.verb) from error
