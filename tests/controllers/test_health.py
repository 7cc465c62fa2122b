"""What Health lists."""

from __future__ import annotations

from typing import cast

from taken import taken

from model_manager.app import App
from model_manager.catalog import problems
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.health import HealthController, Section


class Screen:
    def __init__(self) -> None:
        self.sections: list[Section] = []

    def show_sections(self, sections: list[Section]) -> None:
        self.sections = sections


def test_a_tool_that_could_not_be_asked_for_its_folders(app: App) -> None:
    with app.database.write() as tx:
        problems.replace_search(tx, {"lm-studio": "Looking for LM Studio's folders failed: x"})
    screen = Screen()
    health = HealthController(app, screen, cast(ChangesController, None))
    health.start()
    while not screen.sections:
        taken(app)
    (section,) = screen.sections
    (line,) = section.lines
    assert (line.title, line.why, line.path) == ("LM Studio", "Looking for LM Studio's folders failed: x", "")
    assert line.id is None and not line.leftover, "nothing to open, nothing to clear away"
