"""How far a plan is: the bytes of whole units, and within one what was written and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenes import plan_of

from model_manager.jobs import Progress
from model_manager.operations import Step
from model_manager.operations.work import Work


class Told(Progress):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int | None, int | None, str | None]] = []

    def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
        self.told.append((done, total, phase))


def step(n: int, unit: int, size: int) -> Step:
    return Step(n, unit, "move", f"/m/{n}", "/n", size, 0, "", True, None)


@pytest.mark.parametrize("undoing, title", [(False, "Test"), (True, "Undoing this: Test")])
def test_bytes_of_units_under_the_title_of_the_plan(undoing: bool, title: str, tmp_path: Path) -> None:
    plan, told = plan_of(step(1, 1, 100), step(2, 1, 20), step(3, 2, 1000)), Told()
    work = Work(plan, told, undoing)
    first, second = plan.units()
    work.begin(first)
    work.worked(100)  # written
    work.worked(100)  # and read again
    work.worked(500)  # never more than the unit is
    work.begin(second)
    work.worked(600)
    assert told.told == [
        (0, 1120, title),
        (50, None, None),
        (100, None, None),
        (120, None, None),
        (120, 1120, None),
        (420, None, None),
    ]
