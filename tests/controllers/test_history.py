"""What history says of operations: bytes are freed only by what is in force."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

from factory import gguf_bytes, tree

from model_manager.app import App
from model_manager.cli.main import main
from model_manager.controllers.changes import Changes
from model_manager.controllers.history import History


def lines(app: App) -> list[tuple[str, str, int]]:
    past = History(app, MagicMock(), Changes(app, MagicMock()))._load()
    return [(line.title.rpartition(": ")[2], line.state, line.frees) for line in past.lines]


def test_what_was_put_back_frees_nothing(app: App, home: Path) -> None:
    model = gguf_bytes(seed=6)
    tree(home / "AI", {"a.gguf": model, "b.gguf": model + bytes(32)})
    assert main(["scan", str(home / "AI")]) == 0
    for name in "ab":
        assert main(["trash", name, "--yes"]) == 0
    assert main(["trash", "a", "--dry-run"]) != 0
    before = lines(app)
    assert [(name, state) for name, state, _frees in before] == [("b", "applied"), ("a", "applied")]
    assert all(frees > 0 for _name, _state, frees in before)
    assert main(["undo", "--yes"]) == 0
    assert lines(app)[0] == ("b", "undone", 0) and lines(app)[1] == before[1]
