"""A job that fails is told, whatever screen began it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Job
from model_manager.library.scan import watch

pytestmark = [pytest.mark.gui, pytest.mark.logs]

WHY = "the works are jammed"


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    tree(home / "models", {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate("ab")})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 2)
        wait(found, lambda: not app.jobs.live())
        yield found


def words(window: Any) -> list[str]:
    return [str(one.cget("text")) for toast in window.toasts.open for one in toast.winfo_children()
            if one.winfo_class() == "TLabel"]  # fmt: skip


def close_all(window: Any) -> None:
    for toast in list(window.toasts.open):
        window.toasts._close(toast)


def break_jobs(window: Any, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[str]:
    """From now on every job fails, except the clock's own; the titles of those begun."""
    start, begun = window.app.jobs.start, []

    def broken(title: str, lane: str, work: Callable[..., object], *rest: Any, **more: Any) -> Job:
        def fail(progress: object) -> object:
            raise error or RuntimeError(WHY)

        if lane != "elsewhere":
            begun.append(title)
            work = fail
        job: Job = start(title, lane, work, *rest, **more)
        return job

    monkeypatch.setattr(window.app.jobs, "start", broken)
    return begun


SCREENS = ("duplicates", "clean", "families", "health", "folders", "history")


@pytest.mark.parametrize("name", SCREENS)
def test_each_screen_tells_that_it_could_not_be_filled(window: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = break_jobs(window, monkeypatch)
    window.open(name)
    mine = lambda: [title for title in begun if title != "Loading the library"]  # noqa: E731  it changes by itself
    wait(window, lambda: bool(mine()) and not window.app.jobs.live())
    turn(window)
    told = [text for text in words(window) if not text.startswith("Loading the library")]
    assert told == [f"{mine()[0]} failed: {WHY}. The log has the details."]


def presses(window: Any) -> dict[str, Callable[[], object]]:
    """What begins a job of each lane."""
    screens = window.screens
    return {
        "Planning": window.library.clear_away, "Scanning": window.scan,
        "Reading copies to be sure": screens["duplicates"].controller.prove,
        "Reading every byte": screens["health"].controller.check_deep,
        "Changing the folders": lambda: screens["folders"].controller.set_base_path("/nowhere"),
        "Undoing": lambda: window.changes.put_back("none"),
        "Looking what undo would do": window.undo,
        "Noting": lambda: window.library.controller.set_pinned({1}, True),
        "Opening a file": lambda: window.open_file("/nowhere"),
        "Reading details": lambda: window.library.controller.select({1}),
        "Collecting diagnostics": screens["settings"].controller.diagnose,
        "Saving settings": lambda: screens["settings"].controller.choose("log_level", "INFO"),
    }  # fmt: skip


def test_each_press_that_fails_is_told_once(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SCREENS, "settings", "library"):
        window.open(name)
    window.library.table.select({window.library.table.rows[0].id})
    wait(window, lambda: not window.app.jobs.live())
    turn(window)
    break_jobs(window, monkeypatch)
    for title, press in presses(window).items():
        close_all(window)
        press()
        wait(window, lambda title=title: any(text.startswith(title) for text in words(window)))
        wait(window, lambda: not window.app.jobs.live())
        turn(window, 0.1)
        assert [text for text in words(window) if text.startswith(title)] == [
            f"{title} failed: {WHY}. The log has the details."
        ]


def test_what_is_tried_again_by_itself_is_told_once(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_manager.controllers.library_rows._LATER", 0.1)
    begun = break_jobs(window, monkeypatch)
    window.library.controller.start()
    wait(window, lambda: begun.count("Loading the library") > 0 and bool(words(window)))
    close_all(window)
    count = len(begun)
    wait(window, lambda: len(begun) > count + 1)
    assert words(window) == []


def test_a_reason_of_ours_stands_alone(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    break_jobs(
        window, monkeypatch, ModelManagerError("save the settings", "/x", "No space left on device", "make room")
    )
    window.changes.put_back("none")
    wait(window, lambda: words(window) == ["could not save the settings /x: No space left on device (make room)"])
