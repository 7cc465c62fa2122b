"""Rows reach the window in batches while a root is still read."""

from __future__ import annotations

from pathlib import Path

from factory import gguf_bytes, write

from model_manager.app import App
from model_manager.base.events import Event, ModelsChanged
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def test_the_first_rows_come_before_the_last_are_read(app: App, home: Path) -> None:
    for number in range(50):
        write(home / f"AI/{number:02}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(home / "AI"))
    batches: list[tuple[int, ...]] = []

    def notify(event: Event) -> None:
        if isinstance(event, ModelsChanged):
            with app.database.read() as tx:  # what was told of can be shown
                stored = {row[0] for row in tx.execute("SELECT id FROM model")}
            assert stored.issuperset(event.ids)
            batches.append(event.ids)

    app.scanner(notify).run(Progress())
    assert len(batches) > 1 and len(batches[0]) <= 20
    assert len({model for batch in batches for model in batch}) == 50
