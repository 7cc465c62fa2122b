"""Plans and operations as a test names them: nothing lies behind their steps."""

from __future__ import annotations

from model_manager.library.removal.origins import OfPlaces, as_text
from model_manager.operations import Operation, Plan, Step, StepState, new_id


def step(n: int, verb: str = "trash", unit: int = 1, path: str = "", **values: object) -> Step:
    fields: dict[str, object] = dict(
        target=None, bytes=1000, frees=1000, why="", undo=verb not in ("delete", "ask"), identity=None, of=f"model-{unit}"
    )  # fmt: skip
    return Step(n=n, unit=unit, verb=verb, path=path or f"/m/{n}", **{**fields, **values})  # type: ignore[arg-type]


def plan(*steps: Step, frees: int = 0, now: int = 0, title: str = "Move m to the trash", **values: object) -> Plan:
    return Plan(new_id(), title, steps, frees, now, (), 0.0, **values)  # type: ignore[arg-type]


def done(of: Plan, *states: str, state: str = "partly", problem: str = "") -> Operation:
    return Operation(of, tuple(StepState(one, problem) for one in states), state)  # type: ignore[arg-type]


def of_places(*places: tuple[str, str, tuple[str, ...]], along: tuple[int, ...] = ()) -> str:
    listed = tuple((name, path, tuple((file, "weights", "") for file in files)) for name, path, files in places)
    return as_text(OfPlaces("folder", "/m", listed, along, ()))
