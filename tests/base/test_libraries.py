"""The list of libraries that Help and `doctor` read is that of the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from model_manager.base import libraries

PROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]


def test_they_are_what_an_installation_brings() -> None:
    needed = [re.split("[<>=~! ]", line)[0] for line in PROJECT["dependencies"]]
    assert sorted(libraries.LIBRARIES) == sorted(needed)


def test_one_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "LIBRARIES", ("xxhash", "no-such-library"))
    found = dict(libraries.installed())
    assert re.match(r"\d+\.", found["xxhash"] or "") and found["no-such-library"] is None
