"""The key for undo: one operation after another, the newest first, and words when nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from factory import gguf_bytes, write
from taken import taken

from model_manager.app import App
from model_manager.base.events import OperationChanged
from model_manager.cli.main import main
from model_manager.controllers.changes import Applied, ChangesController
from model_manager.controllers.library import LibraryController
from model_manager.controllers.messages import StatusMessage
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.operations import Operation

NAMES = ("a", "b", "c")


class Told:
    """What the window would show."""

    def __init__(self, app: App) -> None:
        self.app, self.view, self.said = app, MagicMock(), cast("list[str]", [])
        self.changes = ChangesController(app, self.view)

    def until(self, done: Callable[[], bool]) -> None:
        while not done():
            message: Any = taken(self.app)
            if isinstance(message, StatusMessage):
                self.said.append(message.text)
            self.changes.handle(message)

    def press(self) -> str:
        """The key once; what is said for it."""
        count = len(self.said)
        self.changes.undo_last()
        self.until(lambda: len(self.said) > count and self.changes._going_back is None)
        return self.said[-1]


@pytest.fixture
def told(app: App) -> Told:
    return Told(app)


@pytest.fixture
def done(app: App, home: Path) -> list[Operation]:
    """Three models that went to the trash one after the other, the last one by the terminal."""
    for number, name in enumerate(NAMES):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=number))
    watch.add_root(app.database, str(home / "mine"))
    app.scanner().run(Progress())
    library = LibraryController(app, MagicMock())
    library.start()
    while len(library.rows) != 3:
        library.handle(taken(app))
    ids = {row.name: row.id for row in library.rows}
    for name in NAMES[:2]:
        app.operations.apply(library.removal((ids[name],))("trash"))
    assert main(["trash", "c", "--yes"]) == 0
    assert main(["trash", "a", "--dry-run"]) in (0, 1)
    return app.operations.history()[0]


def there(home: Path) -> str:
    return "".join(name for name in NAMES if (home / f"mine/{name}.gguf").exists())


def test_pressed_again_it_puts_back_the_one_before(told: Told, done: list[Operation], home: Path) -> None:
    assert there(home) == ""
    for left, name in (("c", "c"), ("bc", "b"), ("abc", "a")):
        words = told.press()
        assert there(home) == left
        assert f": {name}”" in words and "as it was before" in words
    assert "Nothing is left" in told.press()
    assert "Nothing is left" in told.press()


def test_what_was_put_back_or_emptied_by_another_way_is_passed_over(
    told: Told, done: list[Operation], home: Path
) -> None:
    newest = max(done, key=lambda one: one.applied_at or 0)
    assert main(["undo", newest.id, "--yes"]) == 0
    for kept in (home / ".local/share/Trash/files").glob("b*"):
        kept.unlink()
    told.press()
    assert there(home) == "ac"
    assert "Nothing is left" in told.press()


def test_one_that_cannot_go_back_does_not_stop_the_others(told: Told, done: list[Operation], home: Path) -> None:
    write(home / "mine/c.gguf", b"something else has this name now")
    words = told.press()
    assert "nothing of it was put back" in words and ": c”" in words
    assert "as it was before" in told.press() and there(home) == "bc"
    assert "as it was before" in told.press() and there(home) == "abc"
    assert "nothing of it was put back" in told.press()  # the one that is left, in its own words


def test_a_second_press_while_one_goes_back_does_nothing(told: Told, done: list[Operation], home: Path) -> None:
    told.changes.undo_last()
    told.changes.undo_last()
    told.until(lambda: bool(told.said) and told.changes._going_back is None)
    assert there(home) == "c"


def test_an_operation_is_told_by_its_title_and_never_by_its_id(told: Told, done: list[Operation]) -> None:
    first = done[-1]
    told.changes.put_back(first.id)
    told.until(lambda: len(told.said) == 1)
    told.changes.put_back(first.id)
    told.until(lambda: len(told.said) == 2)
    assert "nothing of it is left to undo" in told.said[1] and ": a”" in told.said[1]
    assert not [words for words in told.said if first.id in words]
    told.changes.apply(first.plan)
    told.until(lambda: len(told.said) == 3)
    assert "applied already" in told.said[2] and first.id not in told.said[2]


@pytest.mark.parametrize("way", ["undo", "empty", "by hand"])
def test_what_was_told_of_an_operation_goes_when_it_is_settled(
    told: Told, done: list[Operation], home: Path, way: str
) -> None:
    first, second = (one for one in reversed(done) if one.applied_at and ": c" not in one.plan.title)
    for one in (first, second):
        told.changes.handle(Applied(one.id, "", True))
    told.changes.handle(OperationChanged("other"))
    told.until(lambda: not told.app.jobs.live())
    if way == "undo":
        assert main(["undo", first.id, "--yes"]) == 0
    elif way == "empty":
        assert main(["empty", first.id, "--yes"]) == 0
    else:
        (home / ".local/share/Trash/files/a.gguf").unlink()
    told.changes.handle(OperationChanged(""))
    told.until(lambda: any(call.args[0] for call in told.view.withdraw.call_args_list))
    assert [set(call.args[0]) for call in told.view.withdraw.call_args_list if call.args[0]] == [{first.id}]
