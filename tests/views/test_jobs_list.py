"""The list of jobs: how far, a way to stop, and what each said at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from model_manager.jobs import Jobs

pytestmark = pytest.mark.gui
Until = Callable[..., None]


def words(widget: Any) -> list[str]:
    found = (
        [str(widget.cget("text"))] if widget.winfo_class() in ("TLabel", "TButton") and widget.winfo_ismapped() else []
    )
    return found + [text for child in widget.winfo_children() for text in words(child)]


@pytest.mark.logs
def test_what_runs_what_waits_and_what_ended(frame: Any, until: Until) -> None:
    from model_manager.views.jobs_list import JobsList

    jobs, stop, closed = Jobs(), threading.Event(), []
    done = jobs.start("Move 14 models", "files", lambda progress: "Done. 96.2 GB come back.")
    failed = jobs.start("Read every byte", "hash", lambda progress: 1 // 0)
    until(lambda: done.state == "done" and failed.state == "failed")
    running = jobs.start("Scanning", "scan", lambda progress: (progress.step(62, 431, "Reading ComfyUI"), stop.wait()))
    waiting = jobs.start("Scanning again", "scan", lambda progress: None)
    until(lambda: running.progress.done == 62)
    try:
        listed = JobsList(frame, lambda: closed.append(1))
        listed.show([running, waiting, done, failed])
        until()
        seen = words(listed)
        assert "Reading ComfyUI  62 / 431" in seen and "waits for its turn" in seen
        assert "Done. 96.2 GB come back." in seen and any("division" in text for text in seen)
        assert seen.count("Cancel") == 2
        stop.set()
        until(lambda: running.state == "done")
        listed.show([done])
        until()
        assert "Scanning" not in words(listed) and "Cancel" not in words(listed)
        listed.show([])
        until()
        assert any("Nothing runs" in text for text in words(listed))
        listed.focus_force()
        listed.event_generate("<Escape>")
        until(lambda: closed == [1])
        listed.destroy()
    finally:
        stop.set()
        jobs.close()
