"""The program over the test's own home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.app import App, build


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    found = build()
    yield found
    found.close()
