"""What the packed program takes out of the environment of the programs it starts."""

from __future__ import annotations

import os
import sys

import pytest

from model_manager.base import frozen

OURS = {"LD_LIBRARY_PATH": "/tmp/_MEI", "_PYI_ARCHIVE_FILE": "a", "_PYI_APPLICATION_HOME_DIR": "b", "TCL_LIBRARY": "c"}


def test_children_get_the_systems_libraries_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    for name, value in {**OURS, "LD_LIBRARY_PATH_ORIG": "/their/own"}.items():
        monkeypatch.setenv(name, value)
    frozen.free_children()
    assert os.environ["LD_LIBRARY_PATH"] == "/their/own"
    assert not [name for name in os.environ if name.startswith("_PYI_") or name.endswith("_ORIG")]
    assert os.environ["TCL_LIBRARY"] == "c", "Tk has not read it yet"
    frozen.free_children_of_tk()
    assert "TCL_LIBRARY" not in os.environ


def test_from_source_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    frozen.free_children()
    frozen.free_children_of_tk()
    assert OURS.items() <= os.environ.items()
    assert not frozen.is_frozen()
