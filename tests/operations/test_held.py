"""What an operation that was ended in its middle may put back is held, and it is said by which change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scenes import VOLUMES, left_by_a_kill, linked, move, one, plan_of, put, scene, trash

from model_manager.base.paths import OwnPaths
from model_manager.operations import Operations, Plan
from model_manager.operations.held import held_paths, unsettled, why_held
from model_manager.operations.journal import Journal
from model_manager.operations.plan_builder import PlanBuilder

WHY = (("/m/a/weights", "held"),)


def names(own: OwnPaths, top: Path, but: str = "") -> set[str]:
    return {path.removeprefix(f"{top}/") for path, _why in held_paths(Journal(str(own.journal)), but)}


def test_nothing_is_held_before_and_after_a_whole_change(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        plan = move(s)
        assert names(s.own, s.base) == set()
        Operations(s.own).apply(plan)
        assert names(s.own, s.base) == set() and not list(unsettled(Journal(str(s.own.journal))))


def test_a_change_that_was_ended_holds_what_it_may_put_back(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        plan = trash(s)
        left_by_a_kill(s.own, plan, {"record": "doing", "n": 1, "facts": {}})
        held = held_paths(Journal(str(s.own.journal)))
        assert {path for path, _why in held} == {str(s.base / name) for name in ("m.json", "m.gguf", "m")}
        assert all("an earlier change is not settled yet (Trash)" in why for _path, why in held)
        assert [operation.plan.id for operation in unsettled(Journal(str(s.own.journal)))] == [plan.id]
        assert names(s.own, s.base, but=plan.id) == set()


@pytest.mark.parametrize("make, needed", [(move, "new/m.gguf"), (lambda s: linked(s, "hard"), "m.gguf")])
def test_what_comes_back_holds_what_it_needs(make: Callable[..., Plan], needed: str, tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        left_by_a_kill(s.own, make(s), {"record": "doing", "n": 1, "facts": {}})
        assert needed in names(s.own, s.base)


def test_units_that_are_whole_hold_nothing(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        for name in ("a", "b"):
            put(s.base / name, b"x")
        plan = plan_of(
            one("move", s.base / "a", s.base / "c"), one("move", s.base / "b", s.base / "d", 2, 2)
        )  # fmt: skip
        left_by_a_kill(
            s.own, plan, {"record": "doing", "n": 1, "facts": {}}, {"record": "done", "n": 1},
            {"record": "doing", "n": 2, "facts": {}},
        )  # fmt: skip
        assert names(s.own, s.base) == {"b", "d"}


def test_where_a_trash_lies_holds_nothing_of_its_own(tmp_path: Path, own: OwnPaths) -> None:
    draft = PlanBuilder(VOLUMES, [str(tmp_path / "m")])
    draft.begin_unit()
    draft.take(str(put(tmp_path / "m/a", b"x")), "test")
    left_by_a_kill(own, draft.plan("Clear"), {"record": "doing", "n": 1, "facts": {}})
    assert names(own, tmp_path) == {"m/a"}


def test_a_journal_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        plan = trash(s)
        left_by_a_kill(s.own, plan, {"record": "doing", "n": 1, "facts": {}})
        (s.own.journal / "20200101T000000000Z-00000000.jsonl").write_bytes(b"{nonsense\n")
        assert names(s.own, s.base) == {"m.json", "m.gguf", "m"}


def test_no_folder_of_journals_holds_nothing(tmp_path: Path) -> None:
    assert held_paths(Journal(str(tmp_path / "gone"))) == ()
    (tmp_path / "file").write_bytes(b"")
    assert held_paths(Journal(str(tmp_path / "file"))) == ()


@pytest.mark.parametrize("path", ["/m/a/weights", "/m/a/other", "/m/a", "/m", "/"])
def test_held_is_what_lies_beside_and_whatever_it_lies_in(path: str) -> None:
    assert why_held(path, WHY) == "held"


@pytest.mark.parametrize("path", ["/m/b", "/m/a/weights/inside", "/m/ab/x", "/m/a2", "/n/weights"])
def test_what_lies_elsewhere_is_not_held(path: str) -> None:
    assert why_held(path, WHY) == "" and why_held(path, ()) == ""


def test_a_store_whose_things_name_each_other_is_held_whole() -> None:
    assert why_held("/m/b/blob", WHY, "/m") == "held" == why_held("/m/b/blob", WHY, "/m/")
    assert why_held("/n/blob", WHY, "/m") == "" == why_held("/n/b/blob", WHY, "/n") == why_held("/m/b", WHY, "/n")
