"""Whether a unit can go back as a whole: a model without one of its files would be a broken one.

Asked before the first of it is moved. What lies in the trash of the rest stays there, and is told.
"""

from __future__ import annotations

from model_manager.base.errors import reason_of
from model_manager.base.messages import said, told_by
from model_manager.operations.journal import Log
from model_manager.operations.plan import Step
from model_manager.operations.records import understood
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site
from model_manager.operations.verbs import VERBS


def why_not_whole(log: Log, site: Site, unit: tuple[Step, ...]) -> str:
    """Why nothing of a unit is put back, in words; empty where all of it can be, or where it is in the middle already."""
    back = [step for step in unit if step.undo]
    if len(back) < 2 or any(log.story.phase(step.n) != "done" for step in back):
        return ""
    for step in back:
        ready = getattr(VERBS[step.verb], "ready", None)
        try:
            if ready is not None:
                understood(ready, site, step, log)
        except Refused as refused:
            return of_part(step.path, told_by(refused))
        except OSError as error:
            return of_part(step.path, reason_of(error))
    return ""


def of_part(path: str, why: str) -> str:
    """Why the whole of which `path` is a part stays away."""
    return said("{0}: {1}; it goes back whole or not at all, so the rest stays in the trash too", path, why)
