"""What happens without us: other processes change the catalogue, drives come and go."""

from __future__ import annotations

from model_manager.actions.context import Context
from model_manager.catalog.outside_changes import OutsideChanges, Seen
from model_manager.library.scan.drives import Drives, Moved

__all__ = ["Drives", "Moved", "OutsideChanges", "Seen", "drives", "elsewhere"]


def elsewhere(context: Context) -> OutsideChanges:
    """Ask it, from one thread, whether another process has changed the catalogue since it was asked last."""
    return OutsideChanges(context.database)


def drives(context: Context) -> Drives:
    """Ask it, from one thread, which watched folders went or came back since they were scanned."""
    return Drives(context.database)
