"""How far a plan is, for whoever waits for it."""

from __future__ import annotations

from model_manager.base.messages import said
from model_manager.jobs import Progress
from model_manager.operations.plan import Plan, Step


class Work:
    """How far a plan is, in bytes: what is copied is also read again, what is renamed costs nothing but counts."""

    def __init__(self, plan: Plan, progress: Progress, undoing: bool = False) -> None:
        self._progress, self._title = progress, said("Undoing this: {0}", plan.title) if undoing else plan.title
        self._total = sum(step.bytes for step in plan.steps)
        self._before = self._done = 0

    def begin(self, unit: tuple[Step, ...]) -> None:
        """A unit's turn; the ones before it count as done. Raises Cancelled."""
        self._progress.step(self._before, self._total, self._title if self._before == 0 else None)
        self._done = self._before
        self._before += sum(step.bytes for step in unit)

    def worked(self, size: int) -> None:
        self._done = min(self._done + size // 2, self._before)
        self._progress.step(self._done)
