"""What `doctor` says of the libraries: one that is missing from source is a problem, in the packed program it is not."""

from __future__ import annotations

import sys

import pytest

from model_manager.app import App
from model_manager.library.doctor import Check, checks


@pytest.fixture
def missing(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr("model_manager.base.libraries.LIBRARIES", ("no-such-library",))
    return app


def about(app: App, name: str) -> Check:
    (found,) = [one for one in checks(app.paths, app.database, app.settings) if one.name == name]
    return found


def test_a_library_that_is_not_installed_is_a_problem_with_its_way_out(missing: App) -> None:
    told = about(missing, "no-such-library")
    assert not told.ok and "packaging/start.py" in told.detail


def test_what_the_packed_program_does_without_is_none(missing: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", "/nowhere", raising=False)
    told = about(missing, "no-such-library")
    assert told.ok and "does without it" in told.detail
