"""What the engine reads of a journal for a verb, and what it records of a step."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import TypeVar

from model_manager.base.messages import said
from model_manager.operations.journal import JournalFailed, Log
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.verb import Site

_T = TypeVar("_T")


def understood(act: Callable[[Site, Step, Facts], _T], site: Site, step: Step, log: Log) -> _T:
    """What a verb makes of its journal. OSError where that says what the verb never noted: it may come from anywhere."""
    try:
        return act(site, step, log.story.facts(step.n))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        logging.getLogger(__name__).warning("%s of %s", step.verb, log.story.plan.id, exc_info=True)
        raise OSError(errno.EINVAL, said("its journal cannot be understood")) from error


def tell(log: Log, kind: str, step: Step, problem: str = "", must: bool = False) -> None:
    """Records what became of a step; `must`: in memory alone when the journal has just failed."""
    try:
        log.add(kind, step.n, problem=problem)
    except JournalFailed:
        if not must:
            raise
        log.follow(kind, step.n, problem)
