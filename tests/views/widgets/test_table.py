"""The virtual table: columns that sort, move, hide and are remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.gui
Until = Callable[..., None]
Row = tuple[int, str, int]


@pytest.fixture
def table(frame: Any, until: Until) -> Any:
    from model_manager.views.widgets.column import ScrolledColumn
    from model_manager.views.widgets.table import Table

    columns = (ScrolledColumn("name", "Name", lambda row: row[1], 200, stretch=True),
               ScrolledColumn("size", "Size", lambda row: str(row[2]), 90, numeric=True),
               ScrolledColumn("where", "Where", lambda row: "Ollama", 110, rank=1))  # fmt: skip
    made = Table(frame, columns, key=lambda row: row[0])
    made.pack(fill="both", expand=True)
    until()
    made.set_rows([(number, f"model {number:05}", number) for number in range(10_000)])
    until()
    return made


def heading(table: Any, name: str) -> tuple[int, int]:
    """A point on a heading."""
    shown = list(table.tree["displaycolumns"])
    before = sum(int(table.tree.column(one, "width")) for one in shown[: shown.index(name)])
    return before + int(table.tree.column(name, "width")) // 2, 8


def drag(table: Any, name: str, to: str) -> None:
    x, y = heading(table, name)
    table.tree.event_generate("<Button-1>", x=x, y=y)
    end, _y = heading(table, to)
    for step in (x + (end - x) // 2, end):
        table.tree.event_generate("<B1-Motion>", x=step, y=y)
    table.tree.event_generate("<ButtonRelease-1>", x=end, y=y)
    table.update()


def test_only_what_is_seen_is_made(table: Any) -> None:
    assert 5 < len(table.tree.get_children()) < 60


def test_a_click_on_a_heading_sorts_and_turns_round(table: Any) -> None:
    told: list[tuple[str, bool]] = []
    table.on_sort = lambda name, descending: told.append((name, descending))
    x, y = heading(table, "size")
    for click in range(2):
        table.tree.event_generate("<Button-1>", x=x, y=y, time=1000 + 2000 * click)
        table.tree.event_generate("<ButtonRelease-1>", x=x, y=y)
        table.update()
    assert told == [("size", True), ("size", False)]
    assert table.tree.heading("size", "text") == "Size ▴"


def test_a_heading_is_dragged_to_another_place_and_remembered(table: Any) -> None:
    told: list[int] = []
    table.on_columns = lambda: told.append(1)
    drag(table, "where", "name")
    assert table.wanted == ["where", "name", "size"] == table.layout_state()["shown"]
    assert list(table.tree["displaycolumns"]) == ["where", "name", "size"] and told
    drag(table, "where", "size")
    assert table.wanted == ["name", "size", "where"]


def test_columns_hide_and_the_last_one_stays(table: Any) -> None:
    for name in ("size", "where", "name"):
        table.toggle_column(name)
    assert table.wanted == ["name"]
    table.toggle_column("size")
    assert table.wanted == ["name", "size"]


def test_a_layout_comes_back_and_strangers_are_passed_over(table: Any) -> None:
    table.restore(
        {"shown": ["size", "gone", "name"], "widths": {"size": 5, "gone": 9, "name": "x"}, "sort": ["size", 1]}
    )
    assert table.wanted == ["size", "name"] and table.chosen_widths == {"size": 36}
    assert table.sorted_by == ("size", True)


def test_what_a_filter_hides_of_the_choice_is_not_told_and_comes_back_with_its_rows(table: Any, until: Until) -> None:
    told: list[set[int]] = []
    table.on_select = lambda ids: told.append(set(ids))
    table.select({7, 9_000})
    rows = table.rows
    table.set_rows([row for row in rows if row[0] % 2])
    assert told[-1] == {7} and [row[0] for row in table.chosen()] == [7]
    table.set_rows([row for row in rows if row[0] > 9_500])
    assert told[-1] == set() and table.chosen() == []
    table.set_rows(rows)
    assert told[-1] == {7, 9_000} and len(told) == 4


def test_the_row_behind_one_that_went_is_chosen(table: Any, until: Until) -> None:
    rows = table.rows
    table.select({7, 8})
    table.set_rows([row for row in rows if row[0] not in (7, 8)], next_one=True)
    assert table.selected == {9}
    table.select({9_999})
    table.set_rows([row for row in table.rows if row[0] != 9_999], next_one=True)
    assert table.selected == {9_998}
    table.set_rows([], next_one=True)
    assert table.chosen() == []


def test_keys_go_through_the_rows(table: Any, until: Until) -> None:
    table.tree.focus_force()
    until()
    table.tree.event_generate("<End>")
    until()
    assert table.selected == {9_999}
    table.tree.event_generate("<Home>")
    table.tree.event_generate("<Shift-Down>")
    until()
    assert table.selected == {0, 1}


def test_narrow_cells_are_cut_and_told_whole(table: Any, until: Until) -> None:
    table.set_rows([(1, "a very long name " * 20, 5)])
    until()
    row = table.tree.get_children()[0]
    assert table.tree.set(row, "name").endswith("…")
    x, y, _width, height = table.tree.bbox(row, "name")
    table.tree.event_generate("<Motion>", x=x + 9, y=y + height // 2)
    assert table.hover.text == "a very long name " * 20
    until(lambda: table.hover.shown)
    table.tree.event_generate("<Leave>")
    assert not table.hover.shown
