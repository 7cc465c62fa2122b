"""What is told at the start: the hint of the first one ends with its scan, a damage that was read is not told again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.app import App, build
from model_manager.base.events import ScanFinished
from model_manager.cli.main import main
from model_manager.library.scan import watch

pytestmark = [pytest.mark.gui, pytest.mark.logs]


def told(window: Any) -> list[str]:
    return [str(one.cget("text")) for toast in window.toasts.open for one in toast.winfo_children()
            if one.winfo_class() == "TLabel"]  # fmt: skip


def damaged(home: Path) -> App:
    """The program at its next start over a catalogue that somebody wrote into."""
    first = build()
    watch.add_root(first.database, str(home / "models"))
    path = first.database.path
    first.close()
    path.write_bytes(b"no catalogue any more" * 99)
    return build()


def test_a_damage_that_was_closed_is_not_told_at_the_next_start(
    display: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(home / "models", {"a.gguf": gguf_bytes()})
    with window_over(damaged(home)) as window:
        wait(window, lambda: any("could not be read" in text for text in told(window)))
    with window_over(build()) as window:  # nobody has closed it
        wait(window, lambda: any("could not be read" in text for text in told(window)))
        (toast,) = [toast for toast in window.toasts.open if "could not be read" in window.toasts._texts[toast]]
        next(one for one in toast.winfo_children() if one.winfo_class() == "TButton").invoke()
    with window_over(build()) as window:
        wait(window, lambda: len(window.library.controller.rows) == 1)
        turn(window)
        assert told(window) == []
    capsys.readouterr()
    main(["doctor"])
    assert "could not be read" in capsys.readouterr().out
    with window_over(damaged(home)) as window:  # another damage is news
        wait(window, lambda: any("could not be read" in text for text in told(window)))


def test_the_hint_of_the_first_start_ends_with_the_scan(display: str, home: Path) -> None:
    tree(home / "models", {"a.gguf": gguf_bytes()})
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app, scans=False) as window:
        turn(window)
        assert window.library.hint.winfo_ismapped()
        window._handle(ScanFinished(0, 0, 0.1, 0, True))
        turn(window, 0.1)
        assert window.library.hint.winfo_ismapped(), "that scan was stopped: it is still to be looked"
        window._handle(ScanFinished(1, 1, 0.1, 0, False))
        turn(window, 0.1)
        assert not window.library.hint.winfo_ismapped()
    with window_over(build(), scans=False) as window:
        turn(window)
        assert not window.library.hint.winfo_ismapped()
