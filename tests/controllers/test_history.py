"""What history says of operations: bytes are freed only by what is in force."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, tree

from model_manager.app import App
from model_manager.base import figures
from model_manager.cli.main import main
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.history import HistoryController


def lines(app: App) -> list[tuple[str, str, int]]:
    past = HistoryController(app, MagicMock(), ChangesController(app, MagicMock()))._load()
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


def test_the_newest_comes_first_with_one_time_for_window_and_terminal(
    app: App, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By when it was done: a plan that was stored long ago is as new as its applying, and putting back moves nothing."""
    tree(home / "AI", {f"{name}.gguf": gguf_bytes(seed=ord(name)) for name in "abc"})
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    assert main(["trash", "a", "--dry-run", "--json"]) == 0
    stored = json.loads(capsys.readouterr().out)["plan"]["id"]
    for name in "bc":
        assert main(["trash", name, "--yes"]) == 0
    assert main(["apply", stored, "--yes"]) == 0
    done = {one.plan.title.rpartition(": ")[2]: one for one in app.operations.history()[0]}
    assert main(["undo", done["b"].id, "--yes"]) == 0
    assert [name for name, _state, _frees in lines(app)] == ["a", "c", "b"]
    past = HistoryController(app, MagicMock(), ChangesController(app, MagicMock()))._load()
    assert [line.at for line in past.lines] == sorted((line.at for line in past.lines), reverse=True)
    capsys.readouterr()
    assert main(["history"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "trash" in line]
    assert [row.rstrip().rpartition(" ")[2] for row in rows] == ["a", "c", "b"]
    assert all(figures.moment(line.at) in row for line, row in zip(past.lines, rows, strict=True))
