"""Closing the window while the disk is being changed asks first; the next start says what it found."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.app import App, build
from model_manager.cli.main import main
from model_manager.jobs import Progress


def words(question: Any) -> str:
    return " ".join(str(one.cget("text")) for frame in question.winfo_children() for one in frame.winfo_children()
                    if one.winfo_class() == "TLabel")  # fmt: skip


def test_closing_amid_a_change_asks(display: str, home: Path) -> None:
    with window_over(build(), scans=False) as window:
        left: list[bool] = []
        leave, window.leave = window.leave, lambda: left.append(True)
        go, begun = threading.Event(), threading.Event()

        def work(progress: Progress) -> None:
            progress.step(0, 10, "Undoing this: Share the bytes of 2 groups of copies")
            begun.set()
            go.wait(20)

        window.app.jobs.start("Undoing", "files", work)
        assert begun.wait(10)
        turn(window)
        window.close()
        assert not left, "it is asked first"
        assert "Undoing this: Share the bytes" in words(window.question) and "not finished" in words(window.question)
        window.question.destroy()
        assert not left
        window.close()
        window.question.yes_button.invoke()
        assert left
        go.set()
        wait(window, lambda: not [job for job in window.app.jobs.live() if job.lane == "files"])
        left.clear()
        window.close()
        assert left, "nothing is at work: nothing is asked"
        window.leave = leave


def interrupted(home: Path) -> App:
    """The next start after a removal that was ended before its end was recorded."""
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=3)})
    assert main(["scan", str(home / "AI")]) == 0
    assert main(["trash", "a", "--yes"]) == 0
    first = build()
    (journal,) = first.paths.journal.glob("*.jsonl")
    first.close()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'"done"' not in line and b'"end"' not in line))
    return build()


def test_the_next_start_says_what_was_settled(display: str, home: Path) -> None:
    with window_over(interrupted(home)) as window:
        wait(window, lambda: "was interrupted" in " ".join(_labels(window.root)))
        assert (home / "AI/a.gguf").exists()
        wait(window, lambda: len(window.library.controller.rows) == 1)


def _labels(widget: Any) -> list[str]:
    own = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []
    return own + [text for child in widget.winfo_children() for text in _labels(child)]
