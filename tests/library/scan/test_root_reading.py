"""Each folder is read once, by the innermost root, and our own never."""

from __future__ import annotations

from pathlib import Path

from factory import gguf_bytes, write

from model_manager.app import App
from model_manager.jobs import Progress
from model_manager.library.scan import watch


def places(app: App) -> dict[str, str]:
    """Name -> path of the root that it is seen in."""
    with app.database.read() as tx:
        rows = tx.execute("SELECT place.name, root.path FROM place JOIN root ON root.id = place.root")
        return {name: bytes(path).decode() if isinstance(path, bytes) else path for name, path in rows}


def test_a_root_inside_another_is_read_by_itself(app: App, home: Path) -> None:
    write(home / "AI/one.gguf", gguf_bytes(seed=1))
    write(home / "AI/inner/two.gguf", gguf_bytes(seed=2))
    write(Path(app.paths.data) / "own.gguf", gguf_bytes(seed=3))
    (home / "AI/ours").symlink_to(app.paths.data)
    (home / "AI/inner/back").symlink_to(home / "AI")
    for path in ("AI", "AI/inner"):
        watch.add_root(app.database, str(home / path))
    report = app.scanner().run(Progress())
    assert places(app) == {"one": str(home / "AI"), "two": str(home / "AI/inner")}
    assert report.models == 2
