"""The folders that are watched: added, removed, ignored, moved; each change says what has to be looked at because of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_manager.actions import scanning
from model_manager.actions.context import Context
from model_manager.base import reach
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.catalog import roots
from model_manager.catalog.roots import RootRow
from model_manager.jobs import Progress
from model_manager.library.labels.categories import slugs
from model_manager.library.scan import watch

if TYPE_CHECKING:
    from model_manager.operations import Plan

__all__ = ["RootsChange", "add", "add_all", "ignore", "keep_copies", "look_at_changed", "move", "plan_category_folders", "remove",
           "set_base_path"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RootsChange:
    """`models`: those that are not where they were, which no scan will tell. `look`: the folders that a scan has to look at
    because of it; None: all, since it may find one that was not known."""

    models: frozenset[int] = frozenset()
    look: frozenset[int] | None = None


def add(context: Context, path: str, whole: bool = False) -> RootsChange:
    """Watches a folder of the user's own. Raises ModelManagerError: it is none, or, unless `whole`, the home lies in it."""
    if not whole:
        watch.must_be_meant(path)
    return _with_those_around(context, watch.add_root(context.database, path))


def add_all(context: Context, paths: Iterable[str], whole: bool = False) -> None:
    """The same for several, before a whole scan: none of them is watched where one may not be."""
    wanted = list(paths)
    for path in () if whole else wanted:
        watch.must_be_meant(path)
    for path in wanted:
        watch.add_root(context.database, path)


def remove(context: Context, id_: str) -> RootsChange:
    """Stops watching a folder. What lies in it may belong to a folder around it again, or to a tool."""
    return RootsChange(frozenset(watch.remove_root(context.database, id_)[1]))


def ignore(context: Context, id_: str) -> RootsChange:
    """Hides a folder and its models until it is added again."""
    return RootsChange(frozenset(watch.ignore_root(context.database, id_)))


def move(context: Context, id_: str, path: str) -> RootsChange:
    """Says that a folder is elsewhere now. Its models keep their ids."""
    return _with_those_around(context, watch.move_root(context.database, id_, path))


def set_base_path(context: Context, path: str) -> RootsChange:
    """Makes a folder the base of the user's own models: its category folders count as evidence from now on."""
    return _with_those_around(context, watch.set_base_path(context.database, context.settings, path))


def keep_copies(context: Context, id_: str) -> RootsChange:
    """Makes a folder one whose copies always stay when duplicates are cleared, or an ordinary one again."""
    root, values = watch.named(context.database, id_), context.settings.values
    kept = values.reference_folders
    values.reference_folders = [one for one in kept if one != root.path] if root.path in kept else [*kept, root.path]
    context.settings.save()
    return RootsChange(look=frozenset({root.id}))


def plan_category_folders(context: Context, base: str) -> Plan:
    """Plans the folders of the categories that are missing below `base`. Raises UsageError where there is no base."""
    from model_manager.library.labels import category_folders  # what changes the disk is not loaded before it is needed

    if not base:
        raise UsageError(said("make the category folders"), "", said("no base folder is set"),
                         said("model-manager store ~/AI/models --make-folders"))  # fmt: skip
    return category_folders.plan_category_folders(base, slugs(context.database), context.paths, context.volumes)


def look_at_changed(context: Context, changed: RootsChange, progress: Progress) -> None:
    """Scans what has to be looked at. Raises ScansElsewhere, and Cancelled."""
    if changed.look is None:
        scanning.scan(context, progress)
    else:
        scanning.look(context, changed.look, progress)


def _with_those_around(context: Context, root: RootRow) -> RootsChange:
    """A folder, and those in which it lies: what is in it was theirs before."""
    real = reach.realpath(root.path)
    with context.database.read() as tx:
        around = {
            one.id for one in roots.every(tx)
            if not one.ignored and real.startswith(reach.realpath(one.path).rstrip(os.sep) + os.sep)
        }  # fmt: skip
    return RootsChange(look=frozenset({root.id, *around}))
