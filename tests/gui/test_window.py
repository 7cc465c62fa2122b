"""The real window on a display of its own, over a generated library."""

from __future__ import annotations

import builtins
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, write
from gui.waiting import turn, wait
from gui.window_over import generated_window

from model_manager.controllers.scanning import Scanning

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One Tk root lives in one process: the module shares it."""
    with generated_window(tmp_path_factory.mktemp("window")) as found:
        found.real_scan = partial(Scanning.scan, found.scanning)
        found.real_look = partial(Scanning.look_again, found.scanning)
        yield found


@pytest.fixture(autouse=True)
def _at_the_start(window: Any) -> None:
    """The library with all its models, the largest first: whatever was tested before."""
    library = window.library
    window.open("library")
    window.sidebar.tree.selection_set("all")
    library.clear_search()
    if library.table.sorted_by != ("size", True):
        library.table.sorted_by = ("size", False)
        library.table.sort("size")
    wait(window, lambda: len(library.table.rows) == len(library.controller.rows))
    wait(window, lambda: library.table.rows[0].size >= library.table.rows[-1].size)


def test_it_shows_the_library_sorted_by_size(window) -> None:
    rows = window.library.table.rows
    assert len(rows) == len(window.library.controller.rows)
    assert [row.size for row in rows] == sorted((row.size for row in rows), reverse=True)
    texts = [window.library.table.tree.item(item, "values")[0] for item in window.library.table.tree.get_children()]
    assert 5 < len(texts) < 80 and texts[0]


def test_search_filters_and_says_what_is_wrong(window) -> None:
    library = window.library
    library.text.set("llm quant:q8")
    wait(window, lambda: 0 < len(library.table.rows) < 60)
    assert all(row.category == "llm" and row.quant == "Q8_0" for row in library.table.rows)
    library.text.set("nope:1")
    wait(window, lambda: "nope" in library.problem.cget("text"))
    library.clear_search()
    wait(window, lambda: len(library.table.rows) > 2000)
    assert library.problem.cget("text") == ""


def test_selection_survives_filter_and_sort_and_is_what_is_seen(window) -> None:
    library = window.library
    chosen = {row.id for row in library.table.rows[3:6]}
    library.table.select(chosen)
    library.table.sort("name")
    wait(
        window,
        lambda: (
            library.table.rows[0].name.lower() <= library.table.rows[1].name.lower()
            and library.table.sorted_by[0] == "name"
        ),
    )
    assert library.table.selected == chosen
    library.table.sort("size")
    wait(window, lambda: library.table.rows[0].size >= library.table.rows[-1].size)
    library.text.set("lora")
    wait(window, lambda: len(library.table.rows) < 2100)
    seen = {row.id for row in library.table.rows}
    assert library.controller.selected == {row.id for row in library.table.chosen()} == chosen & seen
    library.clear_search()
    wait(window, lambda: len(library.table.rows) > 2100)
    assert library.table.selected == library.controller.selected == chosen


def test_the_keyboard_moves_and_extends(window) -> None:
    table = window.library.table
    window.root.deiconify()
    table.tree.focus_force()
    turn(window)
    table._go(0)
    for key, where in (("<Down>", 1), ("<Next>", None), ("<End>", len(table.rows) - 1), ("<Home>", 0)):
        table.tree.event_generate(key)
        turn(window, 0.05)
        if where is not None:
            assert table.selected == {table.rows[where].id}
    table.tree.event_generate("<Shift-Down>")
    turn(window, 0.05)
    assert table.selected == {table.rows[0].id, table.rows[1].id}
    table.tree.event_generate("<Control-a>")
    turn(window, 0.05)
    assert len(table.selected) == len(table.rows)
    table._go(0)


def test_the_card_tells_what_is_known(window) -> None:
    row = next(row for row in window.library.table.rows if row.category == "llm")
    window.library.table.select({row.id})
    wait(
        window,
        lambda: window.library.details._model is not None and window.library.details._model["id"] == f"m{row.id}",
    )
    labels = _texts(window.library.details)
    assert row.name in labels and row.quant in labels


def _texts(widget) -> set[str]:
    found = set()
    for child in widget.winfo_children():
        if "text" in list(child.keys()):
            found.add(str(child.cget("text")))
        found |= _texts(child)
    return found


def test_the_users_words_are_kept(window) -> None:
    library = window.library
    id_ = library.table.rows[0].id
    library.controller.tag({id_}, ["mine"], [])
    library.controller.set_pinned({id_}, True)
    library.controller.set_category({id_}, "misc")
    wait(
        window,
        lambda: any(
            row.id == id_ and row.pinned and "mine" in row.tags and row.category == "misc"
            for row in library.controller.rows
        ),
    )
    library.controller.set_category({id_}, None)
    library.controller.set_pinned({id_}, False)
    wait(
        window,
        lambda: any(row.id == id_ and row.category == "llm" and not row.pinned for row in library.controller.rows),
    )


def test_sidebar_chooses_places(window) -> None:
    loras = sum(row.category.startswith("diffusion/lora") for row in window.library.controller.rows)
    assert loras > 1900
    window.sidebar.tree.selection_set("category:diffusion/lora")
    wait(window, lambda: len(window.library.table.rows) == loras)
    window.sidebar.tree.selection_set("tool:ollama")
    wait(window, lambda: 0 < len(window.library.table.rows) < 100)
    window.sidebar.tree.selection_set("all")
    wait(window, lambda: len(window.library.table.rows) > 2000)


def test_the_last_of_two_quick_choices_counts(window) -> None:
    """An arrow key that repeats chooses faster than the library follows."""
    tree, library = window.sidebar.tree, window.library
    tree.selection_set("tool:ollama")
    window.root.update()
    tree.selection_set("category:diffusion/lora")
    tree.selection_set("category:llm")
    wait(window, lambda: library.controller.place == ("category", "llm"))
    turn(window, 0.1)
    assert library.controller.place == ("category", "llm") and tree.selection() == ("category:llm",)


def test_the_library_comes_back_as_it_was_left(window) -> None:
    sidebar, library = window.sidebar, window.library
    sidebar.tree.selection_set("tool:ollama")
    wait(window, lambda: library.controller.place == ("tool", "ollama"))
    window.open("history")
    turn(window, 0.05)
    assert sidebar.tree.selection() == () and sidebar.screens.selection() == ("screen:history",)
    window.open("library")
    turn(window, 0.05)
    assert sidebar.tree.selection() == ("tool:ollama",) and library.controller.place == ("tool", "ollama")
    window.open("history")
    turn(window, 0.05)
    sidebar.show([("llm", "Language models", 1, 1)], [])  # the last model of the tool went
    window.open("library")
    wait(window, lambda: library.controller.place == ("all", "") and sidebar.tree.selection() == ("all",))
    library.controller.start()
    wait(window, lambda: sidebar.tree.exists("tool:ollama"))


@pytest.mark.parametrize("name", ["disk_map", "health", "folders", "settings", "library"])
def test_every_screen_opens_and_restyles(window, name: str) -> None:
    window.open(name)
    turn(window)
    for appearance in ("dark", "light"):
        window.app.settings.values.appearance = appearance
        window.restyle()
        turn(window, 0.1)
    assert window.screens[name].winfo_ismapped()


def test_health_lists_the_sick_and_the_left_over(window) -> None:
    window.open("health")
    tree = window.screens["health"].tree
    wait(window, lambda: len(tree.get_children()) >= 4)
    # The store has blobs and no manifest that was read: nobody can say that they are orphans.
    assert {"Truncated", "May be needed elsewhere", "Unfinished downloads"} <= {
        tree.item(item, "text") for item in tree.get_children()
    }
    window.open("library")


def test_the_disk_map_covers_its_canvas(window) -> None:
    window.open("disk_map")
    screen = window.screens["disk_map"]
    wait(window, lambda: len(screen._tiles) > 100)
    tops = [tile for tile in screen._tiles if tile.depth == 0]
    area = sum(tile.width * tile.height for tile in tops)
    assert area == pytest.approx(screen.canvas.winfo_width() * screen.canvas.winfo_height(), rel=0.02)
    assert len(screen._tiles) <= 1_700
    window.open("library")


def test_columns_are_chosen_and_remembered(window) -> None:
    table = window.library.table
    table.toggle_column("used")
    assert "used" in table.wanted
    state = table.layout_state()
    table.toggle_column("used")
    table.restore(state)
    assert "used" in table.wanted
    table.toggle_column("used")


def test_a_scan_streams_rows_and_touches_no_disk_on_this_thread(
    window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ttkbootstrap as ttk

    from model_manager.library.scan import watch

    for number in range(300):
        write(tmp_path / f"pool/m{number}.gguf", gguf_bytes(seed=number))
    watch.add_root(window.app.database, str(tmp_path / "pool"))
    here, calls = threading.get_ident(), []
    own = os.path.dirname(ttk.__file__)  # the toolkit reads a picture of its own when a progress bar is first shown

    def guard(name: str, real):
        def call(*args, **kwargs):
            if threading.get_ident() == here and not str(args[0] if args else "").startswith(own):
                calls.append((name, args[:1]))
            return real(*args, **kwargs)

        return call

    monkeypatch.setattr(builtins, "open", guard("open", builtins.open))
    monkeypatch.setattr(os, "stat", guard("stat", os.stat))
    monkeypatch.setattr(os, "statvfs", guard("statvfs", os.statvfs))
    monkeypatch.setattr(sqlite3, "connect", guard("connect", sqlite3.connect))
    window.real_scan()
    gaps, last = [], time.perf_counter()
    end = time.monotonic() + 20
    while sum(1 for row in window.library.controller.rows if row.name.startswith("m")) < 300 and time.monotonic() < end:
        window.root.update()
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
        time.sleep(0.002)
    monkeypatch.undo()
    assert sum(1 for row in window.library.controller.rows if row.name[:1] == "m" and row.name[1:].isdigit()) == 300
    assert calls == []


def test_a_file_from_outside_shows_its_card_and_can_be_watched(window, tmp_path: Path) -> None:
    from model_manager.controllers.messages import OpenWanted

    library = window.library
    path = write(tmp_path / "Downloads" / "from outside 模型.gguf", gguf_bytes(seed=77))
    window.open("history")
    window.app.jobs.post(OpenWanted(str(path)))  # what another start does
    wait(window, lambda: "from outside 模型" in texts(library.details))
    assert window.current == "library"
    shown = texts(library.details)
    assert any("Not in a folder that is watched" in text for text in shown)
    assert "Watch its folder" in shown and "Move to the trash…" not in shown and "Pin" not in shown
    look, window.scanning.look_again = window.scanning.look_again, window.real_look
    try:
        library.controller.watch_folder_of_opened()
        wait(window, lambda: "Move to the trash…" in texts(library.details), 30)
    finally:
        window.scanning.look_again = look
    assert "from outside 模型" in texts(library.details)
    assert len(library.table.selected) == 1


def test_a_file_that_is_gone_is_said(window, tmp_path: Path) -> None:
    window.open_file(str(tmp_path / "gone.gguf"))
    wait(window, lambda: any("gone.gguf" in text for text in texts(window.root)))


def texts(widget) -> list[str]:
    """The words of every widget below this one."""
    found = []
    for child in widget.winfo_children():
        if "text" in child.keys():  # noqa: SIM118
            found.append(str(child.cget("text")))
        found += texts(child)
    return found
