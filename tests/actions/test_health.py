"""What is wrong, what was left over, and the check of every byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import health, listing, roots, scanning
from model_manager.app import App
from model_manager.jobs import Progress


@pytest.fixture
def ids(app: App, home: Path) -> dict[str, int]:
    write(home / "mine/good.gguf", gguf_bytes(seed=1))
    write(home / "mine/cut.gguf", gguf_bytes(seed=2)[:-4096])
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return {row.name: row.id for row in listing.rows(app)}


def test_what_is_sick_and_only_that(app: App, home: Path, ids: dict[str, int]) -> None:
    found = health.health(app)
    (sick,) = found.sick
    assert (sick.id, sick.verdict, sick.path) == (ids["cut"], "truncated", str(home / "mine/cut.gguf"))
    assert found.unread == () and found.not_found == () and found.rests.flagged == () and health.sources(app) == {}


def test_every_byte_is_read_once_and_again_only_when_asked(app: App, ids: dict[str, int]) -> None:
    first = health.check_every_byte(app, [ids["good"]], Progress())
    assert (first.files, first.kept) == (1, 0) and first.read_bytes == len(gguf_bytes(seed=1))
    assert health.check_every_byte(app, [ids["good"]], Progress()).kept == 1
    assert health.check_every_byte(app, [ids["good"]], Progress(), again=True).files == 1
