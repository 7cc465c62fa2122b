"""What the library's controller loads, and when."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from unittest.mock import MagicMock

from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.base.events import ScanFinished
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.duplicates import DuplicatesController
from model_manager.controllers.library import LibraryController
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def load(app: App, library: LibraryController, models: int) -> None:
    while len(library.rows) != models:
        library.handle(taken(app))


def test_what_another_process_scanned_is_shown_after_the_next_scan(app: App, tmp_path: Path) -> None:
    """Its scan has told this window nothing, and ours finds the disk as the catalogue has it."""
    library = LibraryController(app, MagicMock())
    library.start()
    write(tmp_path / "mine/one.gguf", gguf_bytes(seed=1))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner(lambda message: None).run(Progress())  # the other process
    told: list[object] = []
    app.scanner(told.append).run(Progress())
    (finished,) = [one for one in told if isinstance(one, ScanFinished)]
    assert finished.models == 1 and library.rows == []
    library.handle(finished)
    library.tick()
    load(app, library, 1)
    assert [row.name for row in library.rows] == ["one"]


def test_what_was_read_elsewhere_on_the_screen_tells_which_rows_have_copies(app: App, tmp_path: Path) -> None:
    for name in ("one", "twin"):
        write(tmp_path / f"mine/{name}.gguf", gguf_bytes(seed=1))
    watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner(lambda message: None).run(Progress())
    library = LibraryController(app, MagicMock())
    library.start()
    load(app, library, 2)
    assert [row.copies for row in library.rows] == [0, 0]
    DuplicatesController(app, MagicMock(), cast(ChangesController, None)).prove()
    while [row.copies for row in library.rows] != [2, 2]:
        library.handle(taken(app))
