"""What concerns all roots is settled by a scan that came to its end, and by no other."""

from __future__ import annotations

from pathlib import Path

from factory import gguf_bytes, ollama_model, write

from model_manager.app import App
from model_manager.catalog import roots
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan import watch


def gone(app: App) -> int:
    with app.database.read() as tx:
        return int(tx.execute("SELECT COUNT(*) FROM model WHERE gone_at IS NOT NULL").fetchone()[0])


def test_a_cancelled_scan_takes_nothing_for_gone(app: App, home: Path) -> None:
    write(home / "AI/one.gguf", gguf_bytes(seed=1)).touch()
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    (home / "AI/one.gguf").unlink()

    class Stopped(Progress):
        def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
            if phase and phase.startswith("Reading"):
                raise Cancelled

    assert app.scanner().run(Stopped()).cancelled
    assert gone(app) == 0
    assert not app.scanner().run(Progress()).cancelled
    assert gone(app) == 1


def test_a_tool_that_leads_into_another_root_is_named_beside_it(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/a/latest", {"model": gguf_bytes(seed=2)})
    write(home / "AI/one.gguf", gguf_bytes(seed=1))
    (home / "AI/theirs").symlink_to(store)
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    with app.database.read() as tx:
        also = {root.tool: set(root.also) for root in roots.every(tx)}
    assert also == {"ollama": {"folder"}, "folder": set()}
