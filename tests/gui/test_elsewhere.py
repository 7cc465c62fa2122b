"""What the terminal changes while the window is open is seen in it, without a press of Scan."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree, write
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.base.events import ChangedElsewhere
from model_manager.catalog.outside_changes import OutsideChanges
from model_manager.library.labels import user_labels
from model_manager.library.scan import watch
from model_manager.views.review import Review

pytestmark = pytest.mark.gui


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    tree(home / "models", {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate("abc")})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 3)
        wait(found, lambda: not app.jobs.live())
        turn(found, 2)  # the clock has looked once: from then on it compares
        yield found


def terminal(window: Any, *words_: str) -> None:
    """A command in a process of its own, while the window goes on."""
    run = subprocess.Popen(
        [sys.executable, "-m", "model_manager", *words_], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait(window, lambda: run.poll() is not None, 60)
    assert run.returncode == 0, run.communicate()[1].decode()


def names(window: Any) -> list[str]:
    return sorted(row.name for row in window.library.table.rows)


def card(window: Any) -> dict[str, Any]:
    found: dict[str, Any] = window.library.details._model or {}
    return found


def test_trash_and_undo(window: Any, home: Path) -> None:
    window.open("history")
    terminal(window, "trash", "b", "--yes")
    history = window.screens["history"]
    wait(window, lambda: names(window) == ["a", "c"])
    wait(window, lambda: len(history.trash.get_children()) == 1)
    terminal(window, "undo", "--yes")
    wait(window, lambda: names(window) == ["a", "b", "c"] and not history.trash.get_children())


def test_the_card_that_is_open_and_the_users_words(window: Any) -> None:
    (row,) = [row for row in window.library.table.rows if row.name == "a"]
    window.library.table.select({row.id})
    wait(window, lambda: card(window).get("name") == "a")
    terminal(window, "tag", "a", "--add", "mine")
    wait(window, lambda: "mine" in card(window).get("tags", ()))
    terminal(window, "set", "a", "category=embedding")
    wait(window, lambda: card(window).get("category") == "embedding")
    assert [row.category for row in window.library.table.rows if row.name == "a"] == ["embedding"]
    assert window.library.controller.selected == {row.id}


def test_the_card_of_a_model_that_went_closes_and_no_other_is_chosen(window: Any, home: Path) -> None:
    (row,) = [row for row in window.library.table.rows if row.name == "a"]
    window.library.table.select({row.id})
    wait(window, lambda: card(window).get("name") == "a")
    terminal(window, "trash", "a", "--yes")
    wait(window, lambda: "a" not in names(window) and not card(window))
    wait(window, lambda: window.toasts.says("a is not in the library any more."))
    assert window.library.table.chosen() == []
    window.library.table.tree.focus_force()
    window.root.update()
    window.library.table.tree.event_generate("<Delete>")
    turn(window, 1)
    assert not [one for one in window.root.winfo_children() if isinstance(one, Review)], "nobody chose another one"
    assert (home / "models/b.gguf").exists() and (home / "models/c.gguf").exists()


def test_of_several_chosen_ones_those_that_stayed_stay_chosen(window: Any, home: Path) -> None:
    window.library.table.select({row.id for row in window.library.table.rows if row.name in "ab"})
    terminal(window, "trash", "a", "--yes")
    wait(window, lambda: window.toasts.says("a is not in the library any more."))
    assert [row.name for row in window.library.table.chosen()] == ["b"]


def test_a_scan_of_another_process(window: Any, home: Path) -> None:
    write(home / "models/new.gguf", gguf_bytes(seed=9))
    terminal(window, "scan")
    wait(window, lambda: names(window) == ["a", "b", "c", "new"])


def test_at_rest_nothing_is_loaded_and_a_look_takes_no_time(window: Any) -> None:
    told: list[object] = []
    window.pump.on(ChangedElsewhere, told.append)
    before = window.library.controller.rows
    turn(window, 4)
    assert told == [] and window.library.controller.rows is before
    looks = OutsideChanges(window.app.database)
    looks.look()
    start = time.perf_counter()
    for _time in range(100):
        assert looks.look() == ""
    assert time.perf_counter() - start < 0.5


def test_our_own_change_is_not_taken_for_that_of_another(window: Any) -> None:
    looks = OutsideChanges(window.app.database)
    looks.look()
    user_labels.tag(window.app.database, window.library.table.rows[0].id, ["mine"], [])
    assert looks.look() != "yes"


def test_the_window_and_the_terminal_say_the_same_of_the_same(window: Any, home: Path) -> None:
    """A file with a hole weighs what it takes, and a download that has not ended is no model."""
    with open(home / "models/holed.gguf", "wb") as file:
        file.write(gguf_bytes(seed=30))
        file.truncate(50_000_000)
    write(home / "models/next.gguf.part", b"x" * 3_000_000)
    window.scan()
    wait(window, lambda: "holed" in names(window) and not window.app.jobs.live())
    said = subprocess.run([sys.executable, "-m", "model_manager", "status"], capture_output=True, text=True).stdout
    lines = said.splitlines()
    assert lines[0].startswith("4 models, ") and lines[0].endswith(" on disk") and lines[0] in window.library.totals
    assert "50" not in lines[0] and lines[1] == "3.00 MB more in unfinished downloads and other leftovers"
    assert window.sidebar.tree.item("all", "values")[1] == lines[0].removeprefix("4 models, ").removesuffix(" on disk")
