"""Nothing is known before a scan, and after one that finds nothing."""

from __future__ import annotations

from pathlib import Path

from factory import gguf_bytes, write

from model_manager.app import build
from model_manager.jobs import Progress
from model_manager.library.listing.any_models import nothing_known
from model_manager.library.scan import watch


def test_a_model_is_something_and_what_has_gone_is_not(home: Path, tmp_path: Path) -> None:
    app = build(str(tmp_path / "own"))
    assert nothing_known(app.database)
    model = write(home / "AI/one.gguf", gguf_bytes(seed=1))
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    assert not nothing_known(app.database)
    model.unlink()
    app.scanner().run(Progress())
    assert nothing_known(app.database)
    app.close()


def test_leftovers_alone_are_something(home: Path, tmp_path: Path) -> None:
    app = build(str(tmp_path / "own"))
    write(home / ".ollama/models/blobs" / ("sha256-" + "1" * 64 + "-partial"), b"x" * 100)
    (home / ".ollama/models/manifests").mkdir()
    app.scanner().run(Progress())
    assert not nothing_known(app.database)
    app.close()
