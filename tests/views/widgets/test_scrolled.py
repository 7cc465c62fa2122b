"""A page longer than its room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.gui


def filled(frame: Any, lines: int) -> tuple[Any, list[Any]]:
    import ttkbootstrap as ttk

    from model_manager.views.widgets.scrolled import Scrolled

    page = Scrolled(frame)
    page.place(x=0, y=0, width=300, height=120)
    boxes = [ttk.Combobox(page.body, values=["a", "b"], state="readonly") for _line in range(lines)]
    for box in boxes:
        box.current(0)
        box.pack()
    page.adopt()
    return page, boxes


def test_the_wheel_scrolls_and_changes_nothing(frame: Any, until: Callable[..., None]) -> None:
    page, boxes = filled(frame, 12)
    until(lambda: page.bar.winfo_ismapped())
    boxes[0].event_generate("<Button-5>")
    until(lambda: page.canvas.canvasy(0) > 0)
    assert boxes[0].get() == "a"
    boxes[0].event_generate("<Button-4>")
    until(lambda: page.canvas.canvasy(0) == 0)


def test_tab_brings_the_next_field_into_view(frame: Any, until: Callable[..., None]) -> None:
    page, boxes = filled(frame, 12)
    until(lambda: page.bar.winfo_ismapped())
    boxes[-1].focus_force()
    until(lambda: page.canvas.canvasy(0) > 0)
    bottom = boxes[-1].winfo_rooty() + boxes[-1].winfo_height()
    assert bottom <= page.canvas.winfo_rooty() + page.canvas.winfo_height() + 1
    boxes[0].focus_force()
    until(lambda: page.canvas.canvasy(0) == 0)


def test_a_short_page_has_no_bar_and_stays(frame: Any, until: Callable[..., None]) -> None:
    page, boxes = filled(frame, 2)
    until()
    boxes[0].event_generate("<Button-5>")
    until()
    assert not page.bar.winfo_ismapped() and page.canvas.canvasy(0) == 0


def test_a_field_of_lines_is_left_with_tab_and_keeps_its_undo(frame: Any, until: Callable[..., None]) -> None:
    import ttkbootstrap as ttk

    from model_manager.views.widgets.scrolled import leaves_with_tab

    text, after = ttk.Text(frame), ttk.Button(frame)
    text.pack()
    after.pack()
    leaves_with_tab(text)
    undone: list[object] = []
    frame.winfo_toplevel().bind("<Control-z>", undone.append)
    text.focus_force()
    until()
    text.insert("end", "typed")
    text.event_generate("<Control-z>")
    until(lambda: text.get("1.0", "end").strip() == "")
    text.event_generate("<Control-z>")
    text.event_generate("<Tab>")
    until(lambda: frame.focus_get() is after)
    assert undone == [], "the window's own undo is something else"
    frame.winfo_toplevel().unbind("<Control-z>")
