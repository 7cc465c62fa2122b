"""Trees with boxes: what stays can never be ticked."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def table(frame: Any) -> Any:
    from model_manager.views.widgets.plain_tree import Column
    from model_manager.views.widgets.tick_tree import TickTree

    made = TickTree(frame, (Column("#0", "Copies", 200, loose=True), Column("size", "Size", 80, figure=True)))
    made.pack(fill="both", expand=True)
    made.add_head("g", "llama", ("4 GB",))
    made.add("g", "g/0", "stays", ("",), fixed=True)
    made.add("g", "g/1", "may go", ("4 GB",))
    made.add("g", "g/2", "nothing to tick", ("",), box=False)
    frame.update()
    return made


def test_only_what_has_a_box_is_ticked(table: Any) -> None:
    told: list[int] = []
    table.on_change = lambda: told.append(1)
    table.tick(["g", "g/0", "g/1", "g/2"])
    assert table.ticked == {"g/1"} and told == [1]
    assert table.tree.item("g/1", "text").startswith("☑") and table.tree.item("g/0", "text").startswith("●")
    table.tick(["g/1"], False)
    assert table.ticked == set() and table.tree.item("g/1", "text") == "☐ may go"


def test_space_on_a_head_ticks_its_group(table: Any) -> None:
    table.tree.focus("g")
    table.tree.focus_force()
    table.update()
    table.tree.event_generate("<space>")
    assert table.ticked == {"g/1"}
    table.tree.event_generate("<space>")
    assert table.ticked == set()


def test_the_keeper_can_be_changed_and_loses_its_tick(table: Any) -> None:
    table.tick(["g/1"])
    table.fix("g/1", True, "stays")
    table.fix("g/0", False, "may go")
    assert table.ticked == set()
    table.tick(["g/0", "g/1"])
    assert table.ticked == {"g/0"}


def test_a_click_on_the_box_ticks_and_elsewhere_chooses(table: Any) -> None:
    x, y, _width, height = table.tree.bbox("g/1", "#0")
    for offset, expected in ((44, {"g/1"}), (400, {"g/1"})):
        table.tree.event_generate("<Button-1>", x=x + offset, y=y + height // 2)
        table.tree.event_generate("<ButtonRelease-1>", x=x + offset, y=y + height // 2)
        table.update()
        assert table.ticked == expected


def test_who_tries_to_tick_what_stays_is_told(table: Any) -> None:
    told: list[str] = []
    table.on_refused = told.append
    table.tree.focus("g/0")
    table.tree.focus_force()
    table.update()
    table.tree.event_generate("<space>")
    x, y, _width, height = table.tree.bbox("g/0", "#0")
    table.tree.event_generate("<Button-1>", x=x + 44, y=y + height // 2)
    table.update()
    assert told == ["g/0", "g/0"] and table.ticked == set()
