"""What is chosen is applied and remembered; names to leave out are looked at first; diagnostics are written to new files."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import write
from taken import taken

from model_manager.app import App, build
from model_manager.base.settings import Settings as Values
from model_manager.controllers.messages import ScanWanted, StatusMessage
from model_manager.controllers.settings import SettingsController


class View:
    def __init__(self) -> None:
        self.diagnostics = ""

    def show_diagnostics(self, text: str) -> None:
        self.diagnostics = text


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    found = build()
    yield found
    found.close()


@pytest.fixture
def settings(app: App) -> SettingsController:
    return SettingsController(app, View())


def remembered(app: App) -> Values:
    """As the next start would read it."""
    met(app)
    return build(str(app.paths.data)).settings.values


def met(app: App) -> list[object]:
    """Everything that was posted until the last job ended."""
    found = []
    while app.jobs.live() or not app.jobs.messages.empty():
        found.append(taken(app, 10))
    return found


def said(messages: list[object]) -> list[str]:
    return [message.text for message in messages if isinstance(message, StatusMessage)]


def test_names_to_leave_out_are_remembered_and_looked_for(app: App, settings: SettingsController) -> None:
    assert settings.leave_out(["  *.bak ", "", "old", "*.bak"]) == ""
    assert settings.patterns() == ("*.bak", "old") == app.env().left_out
    assert any(isinstance(message, ScanWanted) for message in met(app))
    assert remembered(app).left_out == ["*.bak", "old"]
    assert settings.leave_out(["*.bak", "old"]) == ""
    assert not any(isinstance(message, ScanWanted) for message in met(app)), "nothing changed"


@pytest.mark.parametrize(
    ("lines", "word"),
    [(["ok", "a/b"], "is a path"), (["*"], "nearly everything"), (["x" * 500], "too long"),
     ([f"n{number}" for number in range(300)], "at most")],
)  # fmt: skip
def test_a_wrong_name_changes_nothing(app: App, settings: SettingsController, lines: list[str], word: str) -> None:
    settings.leave_out(["old"])
    assert word in settings.leave_out(lines)
    assert settings.patterns() == ("old",)


def test_tools_that_are_not_asked(app: App, settings: SettingsController) -> None:
    assert settings.is_asked("ollama") and settings.is_asked("invokeai")
    settings.ask_tool("ollama", False)
    settings.ask_tool("ollama", False)
    assert not settings.is_asked("ollama") and settings.is_asked("invokeai")
    assert app.env().not_asked == {"ollama"} and remembered(app).not_asked == ["ollama"]
    settings.ask_tool("ollama", True)
    assert settings.is_asked("ollama")


def test_back_to_the_defaults(app: App, settings: SettingsController) -> None:
    settings.leave_out(["old"])
    app.settings.values.columns = {"shown": ["name"]}
    for name, value in (("log_level", "DEBUG"), ("confirm_final", False), ("remind_after_days", 0), ("theme", "nord")):
        settings.choose(name, value)
    settings.ask_tool("invokeai", False)
    assert logging.getLogger("model_manager").level == logging.DEBUG
    settings.reset()
    values = remembered(app)
    assert (values.log_level, values.confirm_final, values.remind_after_days, values.theme, values.not_asked) == (
        "INFO", True, 30, "", [])  # fmt: skip
    assert logging.getLogger("model_manager").level == logging.INFO
    assert values.left_out == ["old"] and values.columns == {"shown": ["name"]}, "what is not chosen here stays"


def test_diagnostics_are_copied_or_written_to_a_new_file(app: App, home: Path) -> None:
    view = View()
    settings = SettingsController(app, view)
    settings.diagnose()
    assert "Copied" in said(met(app))[0] and '"roots"' in view.diagnostics
    place = home / "told.txt"
    settings.save_diagnostics(str(place))
    assert "Saved" in said(met(app))[0] and '"roots"' in place.read_text()
    write(home / "mine.txt", b"mine")
    settings.save_diagnostics(str(home / "mine.txt"))
    assert "choose another" in said(met(app))[0] and (home / "mine.txt").read_bytes() == b"mine"
    settings.save_diagnostics(str(home / "no/such/folder.txt"))
    assert "was not written" in said(met(app))[0]


def test_settings_of_another_kind_are_not_taken(app: App) -> None:
    app.paths.settings.write_text(
        json.dumps({"left_out": "*", "confirm_final": 0, "not_asked": None, "reminded_at": "x"})
    )
    values = build(str(app.paths.data)).settings.values
    assert (values.left_out, values.confirm_final, values.not_asked, values.reminded_at) == ([], True, [], 0.0)
