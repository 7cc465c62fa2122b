"""What a change of the watched folders tells the other screens."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.base.events import ModelsChanged
from model_manager.catalog.rows import read_rows
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.folders import FoldersController
from model_manager.controllers.messages import ScanWanted
from model_manager.jobs import Progress
from model_manager.library.scan import watch


class Screen:
    def show_roots(self, roots: object, base_path: str, offer: str) -> None:
        """Nothing is looked at here."""


@pytest.mark.parametrize("act", ["remove", "ignore"])
def test_models_of_a_folder_that_goes_are_told_to_have_changed(app: App, tmp_path: Path, act: str) -> None:
    """The scan that follows tells nothing: it finds the catalogue as the folder left it."""
    write(tmp_path / "mine/one.gguf", gguf_bytes(seed=1))
    root = watch.add_root(app.database, str(tmp_path / "mine"))
    app.scanner(lambda message: None).run(Progress())
    with app.database.read() as tx:
        (row,) = read_rows(tx)
    getattr(FoldersController(app, Screen(), cast(ChangesController, None)), act)(f"r{root.id}")
    told: list[object] = []
    while not any(isinstance(one, ScanWanted) for one in told):
        told.append(taken(app))
    assert [one.ids for one in told if isinstance(one, ModelsChanged)] == [(row.id,)]
    with app.database.read() as tx:
        assert list(read_rows(tx)) == []
