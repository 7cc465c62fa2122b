"""Chips wrap where the window is narrow."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.gui


def test_a_line_that_is_full_goes_on_below(frame: Any) -> None:
    import ttkbootstrap as ttk

    from model_manager.views.widgets.flow import Flow

    flow = Flow(frame, 4)
    flow.place(x=0, y=0, width=300)
    buttons = [ttk.Button(flow, text=f"chip {number}") for number in range(9)]
    for button in buttons:
        flow.add(button)
    frame.update()
    boxes = [(one.winfo_x(), one.winfo_y(), one.winfo_width()) for one in buttons]
    assert all(x + width <= 300 for x, _y, width in boxes)
    lines = sorted({y for _x, y, _width in boxes})
    assert len(lines) > 1 and flow.winfo_reqheight() >= lines[-1] + buttons[0].winfo_height()
    flow.place(width=780)
    frame.update()
    assert {one.winfo_y() for one in buttons} == {0}
