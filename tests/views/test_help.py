"""Help tells every screen and key there is, and where data lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model_manager.app import App
from model_manager.base.libraries import installed
from model_manager.base.paths import OwnPaths
from model_manager.library import doctor

pytestmark = pytest.mark.gui


@pytest.fixture
def told(root: Any, frame: Any, tmp_path: Path) -> Any:
    from model_manager.views.help import Help

    found = Help(root, OwnPaths(tmp_path / "own"))
    root.update()
    yield found
    if found.winfo_exists():
        found.destroy()


def test_it_names_the_screens_the_keys_and_the_folder(told: Any, tmp_path: Path) -> None:
    from model_manager.views import sidebar

    text = told.text.get("1.0", "end")
    assert [title for _name, title, _words in sidebar.SCREENS if title not in text and title != "Settings"] == []
    assert str(tmp_path / "own") in text and "Ctrl+Z" in text and "without a plan that you have seen" in text


def test_its_libraries_are_those_of_the_program_and_of_doctor(told: Any, app: App) -> None:
    """One list: what only the tests need is not told as missing."""
    text = told.text.get("1.0", "end")
    last = text[text.index("Python ") :].splitlines()[1:]
    lines = dict(line.split("\t") for line in last if line)
    assert lines == {name: version for name, version in installed() if version}
    checks = {one.name: one.detail for one in doctor.checks(app.paths, app.database, app.settings)}
    assert lines.items() <= checks.items()


def test_a_library_that_is_not_installed_is_told_as_missing(
    root: Any, frame: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_manager.views.help import Help

    monkeypatch.setattr("model_manager.base.libraries.LIBRARIES", ("xxhash", "no-such-library"))
    found = Help(root, OwnPaths(tmp_path / "own"))
    assert "no-such-library\tmissing" in found.text.get("1.0", "end")
    found.destroy()


def test_it_is_read_and_closed_with_the_keyboard(told: Any, root: Any) -> None:
    told.text.focus_force()
    root.update()
    before = told.text.yview()[0]
    told.text.event_generate("<Next>")
    root.update()
    assert told.text.yview()[0] >= before and str(told.text["state"]) == "disabled"
    told.text.event_generate("<Escape>")
    root.update()
    assert not told.winfo_exists()
