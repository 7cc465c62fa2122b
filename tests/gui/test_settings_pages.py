"""The settings in the real window: by keyboard, applied at once, and what they change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from gui.waiting import wait
from gui.window_over import window_over

pytestmark = pytest.mark.gui


@pytest.fixture
def window(display: str, home: Path) -> Iterator[object]:
    from model_manager.app import build
    from model_manager.library.scan import watch

    tree(home / "models", {"one.gguf": gguf_bytes(seed=70), "backup/two.gguf": gguf_bytes(seed=71)})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app, "960x600") as found:
        wait(found, lambda: len(found.library.controller.rows) == 2)
        yield found


def opened(window):
    window.root.focus_force()
    window.root.update()
    window.root.event_generate("<Control-comma>")
    wait(window, lambda: window.current == "settings")
    return window.screens["settings"]


def press(window, key: str) -> None:
    window.root.focus_get().event_generate(key)
    window.root.update()


def test_all_by_keyboard(window) -> None:
    from model_manager.views.settings.screen import PAGES

    screen = opened(window)
    wait(window, lambda: window.root.focus_get() is screen.list)
    for name, _title in PAGES[1:]:
        press(window, "<Down>")
        wait(window, lambda name=name: screen.current == name and screen.pages[name].winfo_ismapped())
    for _page in range(2):
        press(window, "<Up>")
    wait(window, lambda: screen.current == "safety")
    press(window, "<Tab>")
    press(window, "<<NextWindow>>")
    assert str(window.root.focus_get()).startswith(str(screen.pages["safety"]))


@pytest.mark.parametrize("size", ["960x600", "1400x900"])
def test_every_page_fits_or_scrolls(window, size: str) -> None:
    from model_manager.views.settings.screen import PAGES

    window.root.geometry(size)
    screen = opened(window)
    for name, _title in PAGES:
        screen.show_page(name)
        wait(window, lambda name=name: screen.current == name)
        for _turn in range(20):
            window.root.update()
        page = screen.pages[name]
        assert page.body.winfo_reqwidth() <= page.canvas.winfo_width(), name
        if page.body.winfo_reqheight() > page.canvas.winfo_height():
            assert page.bar.winfo_ismapped(), name


def test_names_are_left_out_by_the_next_scan(window, home: Path) -> None:
    page = opened(window).page("folders")
    page.text.insert("end", "backup/two")
    page._apply()
    assert "is a path" in page.problem.cget("text") and page.problem.winfo_manager()
    page.text.delete("1.0", "end")
    page.text.insert("end", "Backup*")
    page._apply()
    assert not page.problem.winfo_manager() and window.app.settings.values.left_out == ["Backup*"]
    wait(window, lambda: [row.name for row in window.library.controller.rows] == ["one"])
    page.text.delete("1.0", "end")
    page._apply()
    wait(window, lambda: len(window.library.controller.rows) == 2)
    assert (home / "models/backup/two.gguf").exists()


def test_a_change_during_a_scan_is_not_lost(window) -> None:
    import threading

    from model_manager.controllers.messages import ScanWanted

    wait(window, lambda: not window.scanning.is_running)
    end = threading.Event()
    window.scanning.job = first = window.app.jobs.start(
        "Scanning", "scan", lambda progress: end.wait(10), lambda told: window.scanning._end()
    )
    window.app.jobs.post(ScanWanted())
    wait(window, lambda: window.scanning.again)
    end.set()
    wait(window, lambda: window.scanning.job is not first and not window.scanning.is_running)
    assert not window.scanning.again


def test_the_way_to_the_folders(window) -> None:
    screen = opened(window)
    screen._open_screen("folders")
    wait(window, lambda: window.current == "folders")


def test_columns_as_at_the_start(window) -> None:
    table = window.library.table
    before = (list(table.wanted), table.sorted_by)
    table.toggle_column("used")
    table.chosen_widths["name"] = 300
    table.sort("name")
    window.library.remember()
    opened(window).page("look")
    window.reset_columns()
    assert (table.wanted, table.sorted_by, table.chosen_widths) == (*before, {})
    assert window.app.settings.values.columns == table.layout_state()
    wait(window, lambda: [row.size for row in table.rows] == sorted((row.size for row in table.rows), reverse=True))


def test_the_review_asks_again_only_where_it_is_wanted(window, home: Path) -> None:
    from model_manager.views.question import QuestionDialog
    from model_manager.views.review import Review

    def there(kind: type) -> list[object]:
        return [child for child in window.root.winfo_children() if isinstance(child, kind)]

    def review_for_good():
        window.library.table.select({row.id for row in window.library.controller.rows if row.name == "one"})
        window.library.clear_away()
        wait(window, lambda: bool(there(Review)))
        first = there(Review)[0]
        first.way.set("delete")
        first._change_way()
        wait(window, lambda: bool(there(Review)) and there(Review)[-1] is not first and not first.winfo_exists())
        return there(Review)[-1]

    review = review_for_good()
    review._apply()
    question = review.question
    assert question.winfo_exists() and (home / "models/one.gguf").exists()
    question.focus_force()
    window.root.update()
    question.event_generate("<Escape>")
    wait(window, lambda: not question.winfo_exists())
    assert review.winfo_exists() and (home / "models/one.gguf").exists()
    review._apply()
    review.destroy()
    assert not there(QuestionDialog), "the question goes with its review"
    safety = opened(window).page("safety")
    state, _now = safety.ticks["confirm_final"]
    state.set(False)
    safety.settings.choose("confirm_final", False)
    review = review_for_good()
    review._apply()
    assert not there(QuestionDialog)
    wait(window, lambda: not (home / "models/one.gguf").exists())


def test_the_reminder_shows_the_history(window) -> None:
    window.remind("4 things still take 17.8 GB.")
    (toast,) = window.toasts.open
    show = next(child for child in toast.winfo_children() if child.winfo_class() == "TButton")
    show.invoke()
    assert window.current == "history"


def test_a_field_of_lines_follows_the_theme(window) -> None:
    import ttkbootstrap as ttk

    page = opened(window).page("folders")
    for appearance in ("dark", "light"):
        window.app.settings.values.appearance = appearance
        window.restyle()
        window.root.update()
        colours = ttk.Style().colors
        assert str(page.text.cget("background")).lower() == colours.inputbg.lower()
        assert str(page.canvas.cget("background")).lower() == colours.bg.lower()
