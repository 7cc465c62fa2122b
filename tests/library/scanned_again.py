"""Scanning again where folders count as settled, and all that a catalogue says, to compare with a scan from nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from model_manager.app import App, build
from model_manager.base.volumes import Volumes
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.library.scan.scan import Report


@pytest.fixture
def believing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders made a moment ago count as settled, on whatever file system the tests run."""
    kind = Volumes().of(str(home), home.stat().st_dev).kind
    monkeypatch.setattr("model_manager.library.scan.root_reading.KINDS", frozenset({kind}))
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.SETTLED_NS", 0)


def scan(app: App) -> Report:
    time.sleep(0.012)  # longer than a tick of the kernel's clock: what changed has another time
    return app.scanner().run(Progress())


def told(app: App) -> list[tuple[object, ...]]:
    """All that a catalogue says of the disk, without its own numbers."""
    queries = (
        "SELECT place.path, place.name, title, found, fingerprint, model.name, size, verdict, claims FROM place"
        " JOIN model ON model.id = place.model WHERE gone_at IS NULL",
        "SELECT place.path, member.path, role, member.name, size, sha256, facts FROM member"
        " JOIN place ON place.id = member.place JOIN file ON file.id = member.file",
        # What a folder was of is known only to one who saw it full.
        "SELECT path, kind, size FROM leftover WHERE kind != 'empty-folder'",
        "SELECT path, kind, why FROM problem",
    )
    with app.database.read() as tx:
        return [row for query in queries for row in sorted(tx.execute(query), key=repr)]


def from_nothing(folder: Path, *roots: Path) -> list[tuple[object, ...]]:
    fresh = build(str(folder))
    for root in roots:
        watch.add_root(fresh.database, str(root))
    fresh.scanner().run(Progress())
    found = told(fresh)
    fresh.close()
    return found
