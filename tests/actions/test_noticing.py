"""Drives that go and come, and what another process changes."""

from __future__ import annotations

import os
from pathlib import Path

from factory import gguf_bytes, write

from model_manager.actions import labels, listing, noticing, roots, scanning
from model_manager.app import App, build
from model_manager.jobs import Progress


def test_a_folder_that_goes_is_told_once(app: App, home: Path) -> None:
    write(home / "mine/one.gguf", gguf_bytes())
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    drives = noticing.drives(app)
    assert drives.look(False) == []
    os.rename(home / "mine", home / "aside")
    assert [(one.path, one.state) for one in drives.look(False)] == [(str(home / "mine"), "offline")]
    assert drives.look(False) == []


def test_what_another_process_changes_is_seen(app: App, home: Path) -> None:
    write(home / "mine/one.gguf", gguf_bytes())
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    seen = noticing.elsewhere(app)
    assert (seen.look(), seen.look()) == ("", "")
    other = build(str(app.paths.data))
    labels.change(other, listing.all_ids(other), labels.LabelChange(note="elsewhere"))
    other.close()
    assert seen.look() == "yes" and seen.look() == ""
