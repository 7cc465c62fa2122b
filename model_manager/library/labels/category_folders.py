"""The folders of the central store, one per category: a plan to make those that are missing."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import counted, figure, said
from model_manager.base.paths import OwnPaths, own_paths
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations import Identity, Plan, Step, identity_of, new_id

_VERB = later("make the category folders")


def plan_category_folders(
    base_path: str, slugs: Iterable[str], own: OwnPaths | None = None, volumes: Volumes | None = None
) -> Plan:
    """One step per folder that is missing below `base_path`, parents first, the base itself included.

    They are one unit: all of them are made, or none. Nothing is planned for folders that exist.
    Raises ModelManagerError when the base is no absolute path, lies in our own data folder, or when a
    file or a folder that may not be written is in the way.
    """
    if not os.path.isabs(base_path) or "\0" in base_path:
        raise UsageError(
            _VERB, base_path, said("the path is not absolute"), said("give it from the root of the disk on")
        )
    base = os.path.normpath(base_path)
    _must_be_outside(base, str((own or own_paths()).data))
    volumes = volumes or Volumes()
    steps: list[Step] = []
    planned: set[str] = set()
    for folder, why in _wanted(base, slugs):
        if folder in planned or _is_folder(folder):
            continue
        parent = os.path.dirname(folder)
        identity = None if parent in planned else _identity(parent, volumes)
        planned.add(folder)
        steps.append(Step(len(steps) + 1, 1, "make_folder", folder, None, 0, 0, why, True, identity))
    title = counted(
        "Make {0} category folder in {1}", "Make {0} category folders in {1}", len(steps), figure(len(steps)), base
    )
    return Plan(new_id(), title, tuple(steps), 0, 0, (), time.time())


def _wanted(base: str, slugs: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Every folder that must be there and why, parents first."""
    ancestors = [base]
    while os.path.dirname(ancestors[-1]) != ancestors[-1]:
        ancestors.append(os.path.dirname(ancestors[-1]))
    for folder in reversed(ancestors):
        yield folder, later("the central store") if folder == base else later("leads to the central store")
    for slug in slugs:
        parts = slug.split("/")
        if any(part in ("", ".", "..") or os.sep in part or "\0" in part for part in parts):
            raise UsageError(_VERB, slug, said("this is no category"), said("a category is words joined by `/`"))
        for depth in range(1, len(parts) + 1):
            yield os.path.join(base, *parts[:depth]), said("category {0}", "/".join(parts[:depth]))


def _is_folder(path: str) -> bool:
    """Whether a folder is there, also by a link; anything else in its place is an error."""
    try:
        details = os.lstat(path)
        if stat.S_ISLNK(details.st_mode):
            details = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):
            raise ModelManagerError(_VERB, path, said("a link that leads nowhere is in the way")) from None
        return False
    except OSError as error:
        raise ModelManagerError(_VERB, path, reason_of(error)) from error
    if not stat.S_ISDIR(details.st_mode):
        raise ModelManagerError(_VERB, path, said("a file is in the way"), said("move it, or choose another place"))
    return True


def _identity(parent: str, volumes: Volumes) -> Identity:
    """The identity of an existing folder in which something will be made."""
    real = os.path.realpath(parent)
    if not os.access(real, os.W_OK | os.X_OK):
        raise ModelManagerError(
            _VERB, parent, said("this folder may not be written"), said("choose another place, or its owner")
        )
    return identity_of(real, os.stat(real), volumes)


def _must_be_outside(base: str, data: str) -> None:
    real, own = os.path.realpath(base), os.path.realpath(data)
    if real == own or real.startswith(own.rstrip(os.sep) + os.sep):
        raise ModelManagerError(
            _VERB, base, said("this is the program's own data folder"), said("choose another place")
        )
