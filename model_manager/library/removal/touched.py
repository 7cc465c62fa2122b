"""Which folders a plan changes something in: they are scanned again after it."""

from __future__ import annotations

import os

from model_manager.base import reach
from model_manager.catalog import Database, roots
from model_manager.operations import Plan


def touched(database: Database, plan: Plan) -> list[int]:
    """The ids of those roots; all of them where a tool was asked to change its own."""
    with database.read() as tx:
        every = roots.every(tx)
    paths = [path for step in plan.steps for path in (step.path, step.target or "")]
    asked = any(step.verb == "ask" for step in plan.steps)
    return [
        root.id for root in every
        if asked or any(path.startswith(reach.realpath(root.path).rstrip(os.sep) + os.sep) for path in paths)
    ]  # fmt: skip
