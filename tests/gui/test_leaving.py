"""A screen that is left loads no longer; the one that is opened does not wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.jobs import Progress
from model_manager.library.clean import candidate
from model_manager.library.scan import watch

pytestmark = pytest.mark.gui


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    tree(home / "models", {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate("ab")})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 2 and not app.jobs.live())
        yield found


def test_one_list_after_the_other(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(database: object, machine: object, progress: Progress) -> None:
        while True:
            progress.step(1, 2)
            time.sleep(0.005)

    with monkeypatch.context() as slow:
        slow.setattr("model_manager.actions.cleaning.library_of", endless)
        window.open("clean")
        wait(window, lambda: window.status.button.cget("text") == "1 job")
        window.library.table.select({window.library.controller.rows[0].id})
        wait(window, lambda: window.library.details._model is not None)
        window.open("health")
        wait(window, lambda: not window.app.jobs.live())
        turn(window)
        assert window.status.button.cget("text") == "No jobs"
        assert not window.screens["clean"]._rows and not window.toasts.open
        window.open("clean")
        wait(window, lambda: window.status.button.cget("text") == "1 job")
    assert candidate.library_of is not endless
    window.status.toggle()
    (line,) = [line for line in window.status._list._lines.values() if line._job.lane == "lists"]
    line.cancel.invoke()
    wait(window, lambda: not window.app.jobs.live())
    wait(window, lambda: line.words.cget("text") == "stopped")
