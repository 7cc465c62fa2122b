"""A place is read and stored again when something of it changed, and only then."""

from __future__ import annotations

import os
from pathlib import Path

from factory import gguf_bytes, write

from model_manager.app import App
from model_manager.base.events import Event, ModelsChanged
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def changed(app: App) -> int:
    """How many models a scan says have changed."""
    told: list[Event] = []
    app.scanner(told.append).run(Progress())
    return len({model for event in told if isinstance(event, ModelsChanged) for model in event.ids})


def test_only_what_changed_is_told(app: App, home: Path) -> None:
    one = write(home / "AI/one.gguf", gguf_bytes(seed=1))
    write(home / "AI/two.gguf", gguf_bytes(seed=2))
    watch.add_root(app.database, str(home / "AI"))
    assert changed(app) == 2
    assert changed(app) == 0
    before = one.stat()
    one.write_bytes(gguf_bytes(seed=3))
    os.utime(one, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed(app) == 1, "its change time tells, whatever time it was given"
    one.unlink()
    assert changed(app) == 1
