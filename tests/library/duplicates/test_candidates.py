"""Files that may be copies, as they are on the disk now; what is no copy of anybody's never takes part."""

from __future__ import annotations

import os
from pathlib import Path

from factory import gguf_bytes, tree
from removing import scan

from model_manager.app import App
from model_manager.library.duplicates.candidates import KnownFiles
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.scan import watch

DATA = gguf_bytes(seed=71)


def laid(app: App, home: Path, *names: str) -> Path:
    tree(home / "AI", dict.fromkeys(names, DATA))
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    return home / "AI"


def library(app: App, *reference: str) -> KnownFiles:
    return KnownFiles(app.database, Hashing(app.database, app.volumes), reference)


def alike(found: KnownFiles) -> list[tuple[int, set[str]]]:
    return [(size, {os.path.basename(one.copy.path) for one in files}) for size, files in found.by_size]


def test_files_of_one_size_with_all_their_names(app: App, home: Path) -> None:
    top = laid(app, home, "a.gguf", "b.gguf")
    os.link(top / "a.gguf", top / "z.gguf")
    (top / "way.gguf").symlink_to("b.gguf")
    tree(top, {"other.gguf": DATA + b"!"})
    scan(app)
    found = library(app)
    ((size, files),) = found.by_size
    assert size == len(DATA) and len(files) == 2
    names = {frozenset(os.path.basename(name.path) for name in one.copy.names) for one in files}
    assert frozenset({"a.gguf", "z.gguf"}) in names
    assert all(
        one.copy.links == (2 if len({n.real for n in one.copy.names}) == 2 else 1) and one.copy.alone for one in files
    )
    assert set(found.rows.values()) == {one.copy.identity for one in files}
    assert all(len(rows) == 1 for rows in found.weights.values()) and found.bodies == found.weights


def test_what_went_or_changed_since_the_scan_takes_no_part(app: App, home: Path) -> None:
    top = laid(app, home, "a.gguf", "b.gguf", "c.gguf", "d.gguf")
    (top / "c.gguf").unlink()
    (top / "d.gguf").write_bytes(DATA[::-1])
    os.utime(top / "d.gguf", (1, 1))
    assert alike(library(app)) == [(len(DATA), {"a.gguf", "b.gguf"})]


def test_what_is_still_being_downloaded_or_lies_in_a_trash_takes_no_part(app: App, home: Path) -> None:
    top = laid(app, home, "a.gguf", "b.gguf", "c.gguf", "x/d.gguf")
    (top / "c.gguf.aria2").write_bytes(b"note")
    (top / "x").rename(top / ".Trash-1000")
    (top / "x").symlink_to(".Trash-1000")
    assert alike(library(app)) == [(len(DATA), {"a.gguf", "b.gguf"})]


def test_what_is_said_of_a_copy(app: App, home: Path) -> None:
    top = laid(app, home, "a.gguf", "kept/b.gguf")
    ((_, files),) = library(app, str(top / "kept")).by_size
    assert {os.path.basename(one.copy.path): one.copy.reference for one in files} == {"a.gguf": False, "b.gguf": True}
    assert all(
        one.copy.writable and one.copy.owned and not one.copy.pinned and one.copy.names[0].whole for one in files
    )
