"""What was gathered and found whole gets its name: by a plan that is shown, journalled and undone as every other.

A rename within one mount. Undo brings it back to where it was gathered, from where it can be published again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.operations.identity import identity_of
from model_manager.operations.incoming import really
from model_manager.operations.plan import Plan, Step, new_id
from model_manager.operations.staging import Finished
from model_manager.operations.trash_folders import renames

_PUBLISH = later("bring to its place")


def plan_publishing(
    coming: Sequence[tuple[Finished, str]], title: str, of: str, why: str, volumes: Volumes, origin: str = ""
) -> Plan:
    """Each of these files gets its path, all or none; folders that are missing on the way are made.

    `of` is what a person calls what they are parts of, `origin` what asked for it: see `Plan`. Raises ModelManagerError:
    nothing is put over what is there, and nothing is carried to another mount.
    """
    steps: list[Step] = []
    for done, path in coming:
        folder, target = really(path)
        _must_be_it(done, volumes)
        if os.path.lexists(target) or target in [step.target for step in steps]:
            raise ModelManagerError(_PUBLISH, path, said("something of this name is there: nothing is put over it"))
        if not renames(os.path.dirname(done.path), folder, volumes):
            raise ModelManagerError(_PUBLISH, path, said("it was gathered on another mount: no rename goes there"))
        for missing in _missing(folder, target):
            if missing not in [step.path for step in steps]:
                above = os.path.dirname(missing)
                seen = identity_of(above, reach.lstat(above), volumes) if above == folder else None
                steps.append(Step(len(steps) + 1, 1, "make_folder", missing, None, 0, 0, why, True, seen, of=of))
        steps.append(Step(len(steps) + 1, 1, "move", done.path, target, done.size, 0, why, True, done.identity, of=of))
    return Plan(new_id(), title, tuple(steps), 0, 0, (), time.time(), {1: origin} if origin else {})


def _must_be_it(done: Finished, volumes: Volumes) -> None:
    """Refuses what is not, to this moment, the file that was found whole."""
    try:
        if identity_of(done.path, reach.lstat(done.path), volumes) == done.identity:
            return
    except OSError as error:
        raise ModelManagerError(_PUBLISH, done.path, reason_of(error)) from error
    raise ModelManagerError(_PUBLISH, done.path, said("it changed since it was found whole: fetch it again"))


def _missing(folder: str, target: str) -> list[str]:
    """The folders between one that is there and a file below it, the upper ones first."""
    found = []
    while (target := os.path.dirname(target)) != folder:
        found.append(target)
    return found[::-1]
