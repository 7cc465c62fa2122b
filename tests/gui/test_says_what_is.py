"""What is told belongs to what is there, what can be pressed does something, and no message covers a button."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree, write
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.library.scan import watch
from model_manager.views.review import Review

pytestmark = pytest.mark.gui
LARGE = gguf_bytes(seed=1) + bytes(1 << 20)


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    tree(home / "models", {"a.gguf": LARGE, "b.gguf": LARGE, "cut.gguf": gguf_bytes(seed=3)[:-900]})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 3 and not app.jobs.live())
        yield found


def disabled(button: Any) -> bool:
    return "disabled" in button.state()


def chosen_row(screen: Any, row: str) -> None:
    screen.table.tree.selection_set(row)
    screen.table.tree.focus(row)
    screen.update()


def test_a_wrong_search_says_that_the_list_is_the_former_one(window: Any) -> None:
    library = window.library
    library.text.set("cut")
    wait(window, lambda: [row.name for row in library.table.rows] == ["cut"])
    library.text.set("quant:zz >abc")
    wait(window, lambda: ">abc" in library.problem.cget("text"))
    assert "The list stays as it was until then." in library.problem.cget("text") and library.problem.winfo_manager()
    window.choose("category", "embedding")
    wait(window, lambda: library.table.rows == [])
    window.choose("all", "")
    wait(window, lambda: [row.name for row in library.table.rows] == ["cut"])
    library.text.set("a.gguf")
    wait(window, lambda: [row.name for row in library.table.rows] == ["a"])
    assert library.problem.cget("text") == ""


def test_a_wrong_search_shows_no_model_that_has_gone(window: Any, home: Path) -> None:
    library = window.library
    library.text.set(">abc")
    wait(window, lambda: ">abc" in library.problem.cget("text"))
    (home / "models/a.gguf").unlink()
    window.scan()
    wait(window, lambda: sorted(row.name for row in library.table.rows) == ["b", "cut"])


def test_the_line_below_tells_of_nothing_that_went(window: Any, home: Path) -> None:
    window.open("clean")
    screen = window.screens["clean"]
    wait(window, lambda: bool(screen._rows))
    (row,) = screen._rows
    chosen_row(screen, row)
    wait(window, lambda: "cut.gguf" in screen.whole.cget("text"))
    screen.controller.start()
    turn(window, 0.5)
    assert "cut.gguf" in screen.whole.cget("text"), "it is there, and chosen"
    screen.table.tick([row])
    screen.act.invoke()
    wait(window, lambda: any(isinstance(one, Review) for one in window.root.winfo_children()))
    next(one for one in window.root.winfo_children() if isinstance(one, Review))._apply()
    wait(window, lambda: not screen._rows)
    assert screen.whole.cget("text") == ""


def test_keep_this_one_is_about_no_copy_that_came_to_the_place_of_another(window: Any, home: Path) -> None:
    write(home / "models/c.gguf", LARGE)
    window.scan()
    wait(window, lambda: len(window.library.controller.rows) == 4 and not window.scanning.is_running)
    window.open("duplicates")
    screen = window.screens["duplicates"]
    wait(window, lambda: len(screen.table.boxed()) == 2)
    row = screen.table.boxed()[0]
    chosen_row(screen, row)
    wait(window, lambda: not disabled(screen.keep))
    os.unlink(screen.whole.cget("text"))
    window.scan()
    wait(window, lambda: len(screen.table.boxed()) == 1)
    assert disabled(screen.keep) and screen.whole.cget("text") == ""


def test_what_would_do_nothing_cannot_be_pressed(window: Any) -> None:
    window.open("duplicates")
    screen = window.screens["duplicates"]
    assert disabled(screen.prove)
    wait(window, lambda: len(screen.table.boxed()) == 1 and not disabled(screen.prove))
    assert disabled(screen.all), "nothing is read yet, so nothing could be ticked"
    screen.prove.invoke()
    wait(window, lambda: not disabled(screen.all))
    assert disabled(screen.prove), "all is read"
    screen.all.invoke()
    assert screen.table.ticked
    window.open("clean")
    clean = window.screens["clean"]
    wait(window, lambda: bool(clean._rows))
    assert disabled(clean.certain), "nothing there is certain"
    assert {one.confidence for one in clean._rows.values()} == {"likely"}


@pytest.mark.parametrize("name", ["history", "clean", "duplicates", "folders", "library"])
def test_no_message_covers_a_button_at_the_foot(window: Any, name: str) -> None:
    window.open(name)
    turn(window, 0.5)
    window.toasts.show("Move to the trash: something with a long name, and more of it: done.", ("Undo", lambda: None))
    turn(window, 0.3)
    (toast,) = window.toasts.open
    top, left = toast.winfo_rooty(), toast.winfo_rootx()
    bottom = top + toast.winfo_height()
    for button in _buttons(window.screens[name]):
        below, above = button.winfo_rooty() >= bottom, button.winfo_rooty() + button.winfo_height() <= top
        assert below or above or button.winfo_rootx() + button.winfo_width() <= left, button.cget("text")


def _buttons(widget: Any) -> Iterator[Any]:
    for child in widget.winfo_children():
        if child.winfo_ismapped():
            if child.winfo_class() == "TButton":
                yield child
            yield from _buttons(child)


def test_a_newer_message_does_not_go_before_an_older_one(window: Any) -> None:
    """The pointer rests where the older one comes to lie when the newer one pushes it up."""
    toasts = window.toasts
    toasts.show("older", stay_ms=500)
    turn(window, 0.2)
    toasts.show("newer", stay_ms=500)
    toasts.open[0].event_generate("<Enter>")  # it moved, not the pointer
    wait(window, lambda: not toasts.says("older"), 2)
    assert toasts.says("newer")
    wait(window, lambda: not toasts.open, 2)
    toasts.show("older", stay_ms=300)
    toasts.show("newer", stay_ms=300)
    toasts.open[0].winfo_children()[0].event_generate("<Motion>")
    turn(window, 0.8)
    assert [toasts.says("older"), toasts.says("newer")] == [True, True], "both stay while one is read"
    toasts.open[0].event_generate("<Leave>")
    wait(window, lambda: not toasts.open, 2)
